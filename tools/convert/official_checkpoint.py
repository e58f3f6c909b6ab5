"""Convert checkpoints of the authors' released code, and back."""

import sys

from hico_mm.cli.official_checkpoint import main

if __name__ == '__main__':
    sys.exit(main())
