"""PKU-MMD, part I or II -> MMAction2's skeleton annotation."""

import sys

from hico_mm.cli.prepare_pku import main

if __name__ == '__main__':
    sys.exit(main())
