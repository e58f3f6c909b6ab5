"""Write the features of a split for other programs.

    hico-mm extract configs/hico/knn/hico_ntu60_knn.py CKPT --split xsub_val --out val.npz
    hico-mm extract configs/hico/knn/hico_ntu60_knn.py CKPT --split xsub_val --out val.parquet
    hico-mm extract configs/hico/knn/hico_ntu60_knn.py CKPT --split xsub_val --out val_projector

The config defines the data; the encoder comes from the checkpoint. The ending of --out is the format. A NumPy archive
(.npz) has ``feature`` (n, D), ``label`` (n,) and ``name`` (n,), in the order of the split. A table (.parquet) also has
a map and the nearest clips, as embedding-atlas shows them. A name without an ending is a folder for the projector of
TensorBoard. Clips without a label get the label -1.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from ..structures import LEVELS
from .command import command, command_parser, seed
from .config import add_config, add_config_arguments


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('extract', __doc__)
    add_config(parser, ' of the data')
    parser.add_argument('checkpoint', help='checkpoint of any task, or a pretraining config (.py) to use its '
                        'untrained encoder')
    parser.add_argument('--split', required=True, help='name of the split in the annotation')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='.npz, .parquet, or a folder')
    parser.add_argument('--level', choices=LEVELS, default='instance',
                        help='level of the features; default: instance, the representation')
    parser.add_argument('--device', default='cpu', help='device; default: cpu')
    parser.add_argument('--amp', action='store_true', help='encode with mixed precision')
    parser.add_argument('--seed', type=seed, default=0, help='seed of an untrained encoder; default: 0')
    add_config_arguments(parser)
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.npz', '.parquet', ''):
        parser.error(f'--out {args.out} must end with .npz or .parquet, or be a folder without an ending')
    return args


def run(args: argparse.Namespace) -> int:
    """Write the features, and return the exit status."""
    from ..engine.extraction import extract_features

    return extract_features(args)


main = command(parse_args, run)
