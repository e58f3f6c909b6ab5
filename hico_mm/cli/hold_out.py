"""Hold out some of the training clips, to choose settings without the test split.

    hico-mm hold-out data/nwucla/nwucla.pkl --split xview_train --names '_s(09|10)_' --out FILE.pkl

FILE.pkl has the same clips and splits, plus two parts of the given split: ``xview_train_held``, the clips whose names
contain the pattern, and ``xview_train_fit``, the others. For NTU, ``P(005|009)`` holds out two subjects.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from .command import command, command_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('hold-out', __doc__)
    parser.add_argument('annotation', type=Path, help='annotation pickle')
    parser.add_argument('--split', required=True, help='split to divide')
    parser.add_argument('--names', required=True, metavar='PATTERN',
                        help='regular expression; clips whose names contain a match are held out')
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Divide the split, and return the exit status."""
    from ..datasets.annotation import read_annotation
    from ..datasets.subsets import hold_out
    from ..fileio import check_writable, dump_pickle

    check_writable(args.out)
    annotation = read_annotation(args.annotation)
    annotation.of_split(args.split)
    _, clips, splits, classes = annotation
    named = {} if classes is None else dict(classes=classes)
    divided = hold_out(dict(split=splits, annotations=clips, **named), args.split, args.names)
    dump_pickle(divided, args.out)
    parts = (f'{args.split}_fit', f'{args.split}_held')
    print(f'{args.out}: ' + ', '.join(f'{name} {len(divided["split"][name])}' for name in parts))
    return 0


main = command(parse_args, run, models=False)
