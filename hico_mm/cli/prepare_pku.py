"""Convert the text files of PKU-MMD, part I or II, into MMAction2's skeleton annotation.

    python tools/data/prepare_pku.py --raw PKUMMD --part 1 --out data/pku/pku1.pkl

Recordings are cut by their labels into clips ``RECORDING_nnn``, where nnn is the line of the label. Splits:
``xsub_train``, ``xsub_val``, ``xview_train``, ``xview_val``. Keypoints are float32, in metres, in camera coordinates,
for one or two persons. Labels are the class numbers minus one. Both parts use the same 51 classes, although part II
contains only 41 of them, so that models can be transferred between the parts.
"""

import argparse
from typing import Optional, Sequence

from .command import command, converter_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = converter_parser('prepare_pku.py', __doc__, 'the text files')
    parser.add_argument('--part', type=int, choices=(1, 2), required=True)
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Convert the files, and return the exit status."""
    from ..converters.convert import convert
    from ..converters.pku import plan_pku

    convert(plan_pku(args.raw, args.part), args.out, args.workers, args.strict)
    return 0


main = command(parse_args, run, models=False)
