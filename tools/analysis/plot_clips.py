"""Draw clips of an annotation as rows of stick figures."""

import sys

from hico_mm.cli.plot_clips import main

if __name__ == '__main__':
    sys.exit(main())
