"""Draw the curves of pretrainings: losses and contrast accuracy of each level, k-NN accuracy.

    hico-mm curves work_dirs/hico_gru_nwucla [...] --out curves.png

The format of the picture is that of its name: .png, .pdf, .svg.
"""

from pathlib import Path
from typing import Optional, Sequence

from ..fileio import atomic_write, check_writable
from ..visualization import plot_curves
from .command import command_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Draw; returns the exit status."""
    parser = command_parser('curves', __doc__)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR', help='work directory of a pretraining')
    parser.add_argument('--names', nargs='+', help='names to show, as many; default: those of the folders')
    parser.add_argument('--out', type=Path, required=True, help='picture to write')
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.png', '.pdf', '.svg'):
        parser.error(f'--out must end with .png, .pdf or .svg, and {args.out} does not')
    names = args.names or [Path(folder).name for folder in args.work_dirs]
    if len(set(names)) != len(args.work_dirs):
        parser.error(f'{len(args.work_dirs)} runs need as many names, all different: give --names')
    check_writable(args.out)
    figure = plot_curves(dict(zip(names, args.work_dirs)))
    with atomic_write(args.out) as temporary:
        figure.savefig(temporary, dpi=120)
    print(args.out)
    return 0

