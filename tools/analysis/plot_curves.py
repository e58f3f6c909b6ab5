"""Plot training curves of pretraining runs."""

import sys

from hico_mm.cli.plot_curves import main

if __name__ == '__main__':
    sys.exit(main())
