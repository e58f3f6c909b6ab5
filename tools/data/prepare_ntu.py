"""Convert NTU RGB+D 60 or 120 into MMAction2's skeleton annotation."""

import sys

from hico_mm.cli.prepare_ntu import main

if __name__ == '__main__':
    sys.exit(main())
