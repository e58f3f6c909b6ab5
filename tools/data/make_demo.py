"""Make synthetic demo data in the text format of NTU RGB+D."""

import sys

from hico_mm.cli.make_demo import main

if __name__ == '__main__':
    sys.exit(main())
