"""Write the features of a split to a NumPy file."""

import sys

from hico_mm.cli.extract_features import main

if __name__ == '__main__':
    sys.exit(main())
