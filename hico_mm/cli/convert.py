"""Convert the raw files of a dataset into MMAction2's skeleton annotation.

    hico-mm convert nturgb+d_skeletons --format ntu60 --missing LIST --out data/ntu60/ntu60.pkl
    hico-mm convert all_sqe --format nwucla --out data/nwucla/nwucla.pkl

Keypoints are float32, in metres, in camera coordinates, for one or two persons. Files that cannot be used are skipped
and listed.
"""

import argparse
from typing import Optional, Sequence

from ..converters.ntu_benchmarks import BENCHMARKS
from .command import add_converter_arguments, add_ntu_arguments, command, command_parser, folder


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('convert', __doc__)
    parser.add_argument('source', type=folder, help='folder with the raw files, at any depth')
    parser.add_argument('--format', choices=[*BENCHMARKS, 'nwucla', 'pku1', 'pku2'], required=True,
                        help='.skeleton files of NTU RGB+D, text files of PKU-MMD I or II, JSON clips of NW-UCLA')
    add_converter_arguments(parser)
    add_ntu_arguments(parser)
    args = parser.parse_args(argv)
    if args.format not in BENCHMARKS and (args.missing or args.bodies != 'slot'):
        parser.error(f'--missing and --bodies only apply to the formats {" and ".join(BENCHMARKS)}: leave them out')
    return args


def run(args: argparse.Namespace) -> int:
    """Convert the files, and return the exit status."""
    from ..converters.convert import convert
    from ..converters.ntu import plan_ntu
    from ..converters.nwucla import plan_nwucla
    from ..converters.pku import plan_pku

    if args.format in BENCHMARKS:
        conversion = plan_ntu(args.source, args.format, args.missing, args.bodies)
    elif args.format == 'nwucla':
        conversion = plan_nwucla(args.source)
    else:
        conversion = plan_pku(args.source, part=int(args.format[-1]))
    convert(conversion, args.out, args.workers, args.strict)
    return 0


main = command(parse_args, run)
