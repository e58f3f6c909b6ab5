"""Convert the `.skeleton` text files of NTU RGB+D 60 or 120 into MMAction2's skeleton annotation.

    python tools/data/prepare_ntu.py --raw nturgb+d_skeletons --dataset ntu60 --missing LIST --out data/ntu60/ntu60.pkl

Splits: ``xsub_train`` and ``xsub_val``; ``xview_*`` for NTU-60, ``xset_*`` for NTU-120. Keypoints are float32, in
metres, in camera coordinates. The one or two persons that move most are kept, the one that moves most first.
"""

import argparse
from typing import Optional, Sequence

from ..converters.ntu_benchmarks import BENCHMARKS
from .command import add_ntu_arguments, command, converter_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = converter_parser('prepare_ntu.py', __doc__, 'the .skeleton files')
    parser.add_argument('--dataset', choices=BENCHMARKS, required=True)
    add_ntu_arguments(parser)
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Convert the files, and return the exit status."""
    from ..converters.convert import convert
    from ..converters.ntu import plan_ntu

    convert(plan_ntu(args.raw, args.dataset, args.missing, args.bodies), args.out, args.workers, args.strict)
    return 0


main = command(parse_args, run, models=False)
