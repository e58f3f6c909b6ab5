"""Say what a checkpoint is."""

import sys

from hico_mm.cli.checkpoint_info import main

if __name__ == '__main__':
    sys.exit(main())
