"""Say what an annotation pickle holds, and what is wrong with it.

    hico-mm check data/mine/mine.pkl [--layout ntu]

Exit status 1 if something is wrong. What is legal but probably not meant is a warning: other units than metres, labels
without a class name, clips without labels.
"""

from pathlib import Path
from typing import Optional, Sequence

from ..datasets.annotation import read_annotation
from ..datasets.inspection import clip_problems, split_problems, summary, warnings
from ..structures import LAYOUTS
from .command import command_parser, one_line_errors

SHOWN = 10  # clips named for each thing that is wrong


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Check; returns the exit status."""
    parser = command_parser('check', __doc__)
    parser.add_argument('file', type=Path, help='annotation pickle')
    parser.add_argument('--layout', choices=sorted(LAYOUTS), help='the skeleton it must have')
    args = parser.parse_args(argv)
    annotation, layout = read_annotation(args.file), LAYOUTS[args.layout] if args.layout else None
    print('\n'.join([str(args.file), *summary(annotation)]))
    problems = {**clip_problems(annotation, layout), **split_problems(annotation)}
    for fault, names in problems.items():
        more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
        print(f'problem: {", ".join(map(str, names[:SHOWN]))}{more} {fault}')
    for warning in warnings(annotation, layout):
        print(f'warning: {warning}')
    print(f'wrong: {len(problems)}' if problems else 'nothing is wrong')
    return int(bool(problems))
