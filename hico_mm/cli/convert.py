"""Convert the raw files of a dataset into MMAction2's skeleton annotation.

    hico-mm convert nturgb+d_skeletons --format ntu60 --missing LIST --out data/ntu60/ntu60.pkl
    hico-mm convert all_sqe --format nwucla --out data/nwucla/nwucla.pkl

Keypoints are float32, in metres, in camera coordinates, for one or two persons. Files that cannot be used are skipped
and listed.
"""

from functools import partial
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence

from ..converters import BENCHMARKS, Conversion, convert, plan_ntu, plan_nwucla, plan_pku
from .command import add_converter_arguments, add_ntu_arguments, command_parser, folder, one_line_errors

PLANS: Dict[str, Callable[[Path], Conversion]] = {
    'nwucla': plan_nwucla, 'pku1': partial(plan_pku, part=1), 'pku2': partial(plan_pku, part=2)}


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the conversion and return the exit status."""
    parser = command_parser('convert', __doc__)
    parser.add_argument('source', type=folder, help='folder with the raw files, at any depth')
    parser.add_argument('--format', choices=[*BENCHMARKS, *PLANS], required=True,
                        help='.skeleton files of NTU RGB+D, text files of PKU-MMD I or II, JSON clips of NW-UCLA')
    add_converter_arguments(parser)
    add_ntu_arguments(parser)
    args = parser.parse_args(argv)
    if args.format not in BENCHMARKS and (args.missing or args.bodies != 'slot'):
        parser.error(f'--missing and --bodies only apply to the formats {" and ".join(BENCHMARKS)}: leave them out')
    plan = PLANS.get(args.format) or partial(plan_ntu, dataset=args.format, missing=args.missing, bodies=args.bodies)
    convert(plan(args.source), args.out, args.workers, args.strict)
    return 0
