"""Convert PKU-MMD, part I or II, into MMAction2's skeleton annotation."""

import sys

from hico_mm.cli.prepare_pku import main

if __name__ == '__main__':
    sys.exit(main())
