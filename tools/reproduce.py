"""Run the paper's experiments for an encoder and a dataset, and compare the results with the paper's figures."""

import sys

from hico_mm.cli.reproduce import main

if __name__ == '__main__':
    sys.exit(main())
