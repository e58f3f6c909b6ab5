"""Fuse streams (for example joint, bone and motion): classification scores, or features for retrieval.

    hico-mm fuse --preds joint.pkl bone.pkl motion.pkl
    hico-mm fuse --features joint_val.npz bone_val.npz --gallery joint_train.npz bone_train.npz

Scores are written by ``hico-mm test --dump``, or by any MMAction2 model; features are written by ``hico-mm extract``.
Streams are matched by clip name.
"""

import argparse
import math
from typing import Optional, Sequence

from .command import command, command_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('fuse', __doc__)
    parser.add_argument('--preds', nargs='+', metavar='PKL', help='dumped predictions, one file per stream')
    parser.add_argument('--features', nargs='+', metavar='NPZ', help='features of the test clips, one file per stream')
    parser.add_argument('--gallery', nargs='+', metavar='NPZ', help='features of the training clips, in the same order')
    parser.add_argument('--weights', nargs='+', type=float,
                        help='weight of each stream; default: 0.6 0.6 0.4 for three streams, otherwise equal')
    parser.add_argument('--search', nargs='+', metavar='PKL',
                        help='predictions of the training clips, in the same order, to search the weights on')
    parser.add_argument('--names', metavar='ANN.pkl:SPLIT', help='names of the clips, for dumps without names')
    parser.add_argument('--search-names', metavar='ANN.pkl:SPLIT', help='the same for --search')
    parser.add_argument('--out', metavar='OUT.pkl', help='write the fused predictions, as --dump does')
    args = parser.parse_args(argv)
    if bool(args.preds) == bool(args.features) or bool(args.features) != bool(args.gallery):
        parser.error('give --preds, or --features and --gallery')
    streams = len(args.preds or args.features)
    for option in 'weights', 'search', 'gallery':
        if getattr(args, option) and len(getattr(args, option)) != streams:
            parser.error(f'--{option} needs one value for each of the {streams} streams')
    if args.search and args.weights:
        parser.error('--search finds the weights: leave --weights out')
    if args.features and (args.search or args.names or args.out):
        parser.error('--search, --names and --out can only be used with --preds')
    if args.weights and (not all(0 <= weight < math.inf for weight in args.weights) or not any(args.weights)):
        parser.error(f'--weights must be numbers of at least 0, with at least one above 0, got {args.weights}')
    if args.search_names and not args.search:
        parser.error('--search-names is for the files of --search: add it, or leave --search-names out')
    for option in 'names', 'search_names':
        value = getattr(args, option)
        if value and ':' not in value:
            parser.error(f'--{option.replace("_", "-")} {value} is not of the form ANNOTATION.pkl:SPLIT')
    return args


def run(args: argparse.Namespace) -> int:
    """Fuse the streams, and return the exit status."""
    from ..evaluation.fuse_streams import fuse_streams

    return fuse_streams(args)


main = command(parse_args, run)
