"""Describe a checkpoint."""

import sys

from hico_mm.cli.info import main

if __name__ == '__main__':
    sys.exit(main())
