"""Convert Northwestern-UCLA into MMAction2's skeleton annotation."""

import sys

from hico_mm.cli.prepare_nwucla import main

if __name__ == '__main__':
    sys.exit(main())
