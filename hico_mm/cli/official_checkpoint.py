"""Convert a pretraining checkpoint of the authors' released code to hico_mm, or the reverse.

    hico-mm convert-checkpoint SRC.pth.tar DST.pth
    hico-mm convert-checkpoint --to-official SRC.pth DST.pth.tar

The encoder and its sizes are inferred from the weights. Whatever the weights do not determine is an option.
"""

import argparse
from typing import Optional, Sequence

from ..structures import LAYOUTS
from .command import command, command_parser, count


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('convert-checkpoint', __doc__)
    parser.add_argument('src', metavar='SRC')
    parser.add_argument('dst', metavar='DST')
    parser.add_argument('--to-official', action='store_true', help='convert from hico_mm to the released code')
    parser.add_argument('--layout', choices=sorted(LAYOUTS), help='skeleton layout (default: ntu)')
    parser.add_argument('--num-persons', type=count, metavar='N', help='persons per clip (default: 2)')
    parser.add_argument('--num-heads', type=count, default=4, metavar='N', help='heads of a Transformer (default: 4)')
    args = parser.parse_args(argv)
    given = [option for option in ('layout', 'num_persons') if getattr(args, option) is not None]
    if args.to_official and given:
        parser.error(f'--{given[0].replace("_", "-")} is for checkpoints of the released code, which do not record it: '
                     'leave it out')
    return args


def run(args: argparse.Namespace) -> int:
    """Convert the checkpoint, and return the exit status."""
    from ..checkpoints import describe, load_checkpoint, save_checkpoint
    from ..checkpoints.official import convert, convert_back
    from ..fileio import check_not_read, check_writable

    check_not_read(args.dst, args.src)
    check_writable(args.dst)
    source = load_checkpoint(args.src)
    if args.to_official:
        save_checkpoint(convert_back(source, args.num_heads, args.src), args.dst)
        print(f'{args.dst}: checkpoint for the released code')
    else:
        checkpoint = convert(source, args.layout or 'ntu', args.num_persons or 2, args.num_heads, args.src)
        save_checkpoint(checkpoint, args.dst)
        print(f'{args.dst}\n{describe(checkpoint, args.dst)}')
    return 0


main = command(parse_args, run)
