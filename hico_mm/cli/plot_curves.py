"""Plot training curves of pretraining runs: loss and contrast accuracy of each level, and k-NN accuracy.

    hico-mm curves work_dirs/hico_gru_nwucla [...] --out curves.png

The image format is given by the file name extension: .png, .pdf or .svg.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from .command import command, command_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('curves', __doc__)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR', help='work directory of a pretraining run')
    parser.add_argument('--names', nargs='+', help='names to show, one per run; default: the folder names')
    parser.add_argument('--out', type=Path, required=True, help='image to write')
    args = parser.parse_args(argv)
    args.names = args.names or [Path(folder).name for folder in args.work_dirs]
    if len(set(args.names)) != len(args.work_dirs):
        parser.error(f'{len(args.work_dirs)} runs need the same number of different names: give --names')
    if args.out.suffix not in ('.png', '.pdf', '.svg'):
        parser.error(f'--out must end with .png, .pdf or .svg, and {args.out} does not')
    return args


def run(args: argparse.Namespace) -> int:
    """Draw the curves, and return the exit status."""
    from ..fileio import atomic_write, check_writable
    from ..visualization import plot_curves

    check_writable(args.out)
    figure = plot_curves(dict(zip(args.names, args.work_dirs)))
    with atomic_write(args.out) as temporary:
        figure.savefig(temporary, dpi=120)
    print(args.out)
    return 0


main = command(parse_args, run, models=False)
