"""Plot training curves of pretraining runs: loss and contrast accuracy of each level, and k-NN accuracy.

    hico-mm curves work_dirs/hico_gru_nwucla [...] --out curves.png

The image format is given by the file name extension: .png, .pdf or .svg.
"""

from pathlib import Path
from typing import Optional, Sequence

from ..fileio import atomic_write, check_writable
from ..visualization import plot_curves
from .command import command_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Draw the curves and return the exit status."""
    parser = command_parser('curves', __doc__)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR', help='work directory of a pretraining run')
    parser.add_argument('--names', nargs='+', help='names to show, one per run; default: the folder names')
    parser.add_argument('--out', type=Path, required=True, help='image to write')
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.png', '.pdf', '.svg'):
        parser.error(f'--out must end with .png, .pdf or .svg, and {args.out} does not')
    names = args.names or [Path(folder).name for folder in args.work_dirs]
    if len(set(names)) != len(args.work_dirs):
        parser.error(f'{len(args.work_dirs)} runs need the same number of different names: give --names')
    check_writable(args.out)
    figure = plot_curves(dict(zip(names, args.work_dirs)))
    with atomic_write(args.out) as temporary:
        figure.savefig(temporary, dpi=120)
    print(args.out)
    return 0

