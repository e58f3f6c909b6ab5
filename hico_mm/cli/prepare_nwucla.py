"""Convert the JSON clips of Northwestern-UCLA Multiview Action 3D into MMAction2's skeleton annotation.

    python tools/data/prepare_nwucla.py --raw all_sqe --out data/nwucla/nwucla.pkl

Splits: ``xview_train`` (views 1 and 2) and ``xview_val`` (view 3), the standard protocol; and ``xview_val_distinct``,
the test clips that are not copies of training clips. In the commonly used files, 95 test clips are copies.
"""

import argparse
from typing import Optional, Sequence

from .command import command, converter_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = converter_parser('prepare_nwucla.py', __doc__, 'the JSON clips')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Convert the files, and return the exit status."""
    from ..converters.convert import convert
    from ..converters.nwucla import plan_nwucla

    convert(plan_nwucla(args.raw), args.out, args.workers, args.strict)
    return 0


main = command(parse_args, run, models=False)
