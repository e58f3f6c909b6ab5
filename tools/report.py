"""Write a report of runs, an HTML file."""

import sys

from hico_mm.cli.report import main

if __name__ == '__main__':
    sys.exit(main())
