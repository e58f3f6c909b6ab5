"""Classify clips with a checkpoint, or encode them if it has no classifier.

    hico-mm infer work_dirs/hico_nwucla_linear/epoch_80.pth a01_s01_e00_v01.json --topk 3
    hico-mm infer CKPT recordings/ --json
    hico-mm infer CKPT clip.npy --axes CTVM --out clip_features.npz

A FILE is a recording in any format that hico-mm convert reads (a file, or the folder of OpenPose), a folder of such
recordings at any depth, a .npy, .npz or .csv array, or ANNOTATION.pkl:NAME. Everything about the model and its clips
comes from the checkpoint.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from .clips import add_clip_arguments, add_encoder_arguments, check_clip_arguments
from .command import command, command_parser, count


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('infer', __doc__)
    parser.add_argument('checkpoint', help='checkpoint of any task')
    parser.add_argument('files', nargs='+', metavar='FILE', help='clips to classify, or folders of clips')
    parser.add_argument('--topk', type=count, default=5, help='number of classes to list; default: 5')
    parser.add_argument('--json', action='store_true', help='print JSON; without a classifier, it has the features')
    parser.add_argument('--out', type=Path, metavar='FILE.npz',
                        help='write name, feature and, with a classifier, probability')
    add_encoder_arguments(parser)
    add_clip_arguments(parser)
    args = parser.parse_args(argv)
    if args.out is not None and args.out.suffix != '.npz':
        parser.error(f'--out writes a NumPy archive, so {args.out} must end with .npz')
    if not any(Path(file).is_dir() for file in args.files):
        check_clip_arguments(parser, args, args.files)
    return args


def run(args: argparse.Namespace) -> int:
    """Classify the clips, and return the exit status."""
    from .run_infer import infer

    return infer(args)


main = command(parse_args, run)
