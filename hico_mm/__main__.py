"""``python -m hico_mm`` runs the command ``hico-mm``."""

import sys

from .cli.main import main

if __name__ == '__main__':
    sys.exit(main())
