"""Test a checkpoint with a config: classification or k-NN retrieval."""

import sys

from hico_mm.cli.test import main

if __name__ == '__main__':
    sys.exit(main())
