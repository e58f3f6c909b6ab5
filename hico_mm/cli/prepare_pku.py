"""PKU-MMD, part I or II, text files -> MMAction2's skeleton annotation.

    python tools/data/prepare_pku.py --raw PKUMMD --part 1 --out data/pku/pku1.pkl

Recordings are cut by their labels into clips ``RECORDING_nnn``, nnn the line of the label. Splits: ``xsub_train``,
``xsub_val``, ``xview_train``, ``xview_val``. Keypoints are float32, metres, camera coordinates, one or two persons.
Labels are the class numbers less one, of 51 in both parts, though part II has 41 of them: a model moves between them.
"""

from pathlib import Path
from typing import Optional, Sequence

from ..converters import convert, plan_pku
from .command import command_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert; returns the exit status."""
    parser = command_parser('prepare_pku.py', __doc__)
    parser.add_argument('--raw', type=Path, required=True, help='folder of the dataset, unpacked, at any depth')
    parser.add_argument('--part', type=int, choices=(1, 2), required=True)
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    parser.add_argument('--workers', type=int, default=1, metavar='N', help='processes; default: 1')
    args = parser.parse_args(argv)
    if not args.raw.is_dir():
        parser.error(f'--raw {args.raw} is not a folder: give the one the dataset was unpacked to')
    convert(plan_pku(args.raw, args.part), args.out, args.workers)
    return 0
