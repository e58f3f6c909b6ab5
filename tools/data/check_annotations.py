"""Summarize an annotation pickle and report what is wrong with it."""

import sys

from hico_mm.cli.check_annotations import main

if __name__ == '__main__':
    sys.exit(main())
