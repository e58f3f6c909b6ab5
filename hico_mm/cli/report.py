"""Write a report of runs: one HTML file to look at features, neighbours and errors, which needs no network.

    hico-mm report work_dirs/hico_gru_nwucla --out report.html
    hico-mm report work_dirs/hico_gru_nwucla work_dirs/hico_nwucla_linear --out report.html

A run of pretraining gives a map of the features, the k-NN accuracy and the training curves. Add the run of a linear
classifier or of finetuning for its predictions and its calibration. Several runs are shown side by side.
The last checkpoint of each work directory is used; give the path of another checkpoint to use that.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from .command import command, command_parser, count, seed


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('report', __doc__)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR',
                        help='work directory of a training run, or a checkpoint in one')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.html', help='file to write')
    parser.add_argument('--names', nargs='+', help='names to show, one per run; default: the folder names')
    parser.add_argument('--title', help='title of the page; default: the names of the runs')
    parser.add_argument('--classes', type=Path, metavar='FILE.txt',
                        help='names of the classes, one per line, in the order of the labels; default: those in the '
                        'annotation')
    parser.add_argument('--max-clips', type=count, default=20000, metavar='N',
                        help='most clips on a map; from a larger data set, test clips are drawn at random, each with '
                        'its neighbours; accuracies are always of all clips; default: 20000')
    parser.add_argument('--max-mb', type=count, default=48, metavar='MB',
                        help='most megabytes of skeletons; clips that do not fit are on the map, but cannot be played; '
                        'default: 48')
    parser.add_argument('--device', default='cpu', help='device for encoding; default: cpu')
    parser.add_argument('--seed', type=seed, default=0, help='seed of the map and of drawn clips; default: 0')
    args = parser.parse_args(argv)
    if args.out.suffix.lower() not in ('.html', '.htm'):
        parser.error(f'--out writes a web page, so {args.out} must end with .html')
    if args.names and len(args.names) != len(args.work_dirs):
        parser.error(f'{len(args.work_dirs)} runs need the same number of names, but --names gives {len(args.names)}')
    return args


def run(args: argparse.Namespace) -> int:
    """Write the report, and return the exit status."""
    from ..report import write_report

    return write_report(args)


main = command(parse_args, run)
