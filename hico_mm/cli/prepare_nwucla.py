"""Northwestern-UCLA Multiview Action 3D, JSON clips -> MMAction2's skeleton annotation.

    python tools/data/prepare_nwucla.py --raw all_sqe --out data/nwucla/nwucla.pkl

Splits: ``xview_train`` (views 1 and 2) and ``xview_val`` (view 3), the standard protocol; ``xview_val_distinct``, the
test clips that are not a copy of a training clip, as 95 are in the files that the field uses.
"""

from pathlib import Path
from typing import Optional, Sequence

from ..converters import convert, plan_nwucla
from .command import command_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert; returns the exit status."""
    parser = command_parser('prepare_nwucla.py', __doc__)
    parser.add_argument('--raw', type=Path, required=True, help='folder with the JSON clips, at any depth')
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    parser.add_argument('--workers', type=int, default=1, metavar='N', help='processes; default: 1')
    args = parser.parse_args(argv)
    if not args.raw.is_dir():
        parser.error(f'--raw {args.raw} is not a folder: give the one the dataset was unpacked to')
    convert(plan_nwucla(args.raw), args.out, args.workers)
    return 0
