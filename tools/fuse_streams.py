"""Fuse streams: classification scores, or features for retrieval."""

import sys

from hico_mm.cli.fuse_streams import main

if __name__ == '__main__':
    sys.exit(main())
