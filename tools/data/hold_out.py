"""Hold out some of the training clips."""

import sys

from hico_mm.cli.hold_out import main

if __name__ == '__main__':
    sys.exit(main())
