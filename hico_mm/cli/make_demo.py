"""Make synthetic demo data, a small set of moving bodies in the text format of NTU RGB+D.

    hico-mm make-demo --out data/demo/raw

Ten actions, two of them of two persons; twelve subjects, three cameras, a poor sensor. ``missing.txt`` lists the clips
in which nobody is seen, as NTU's authors do.
"""

import os
from pathlib import Path
from typing import Optional, Sequence

from ..demo import ACTIONS, make_recordings
from ..fileio import check_writable
from .command import command_parser, count, one_line_errors, seed


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Make the dataset; returns the exit status."""
    parser = command_parser('make-demo', __doc__)
    parser.add_argument('--out', type=Path, required=True, help='folder to make')
    parser.add_argument('--num-subjects', type=count, default=12, help='default: 12')
    parser.add_argument('--seed', type=seed, default=0, help='default: 0')
    parser.add_argument('--noise', type=float, default=.005, help='trembling of a joint, metres; default: 0.005')
    parser.add_argument('--workers', type=count, default=os.cpu_count(), metavar='N',
                        help='processes; default: as many as cores')
    args = parser.parse_args(argv)
    if args.out.exists():
        parser.error(f'{args.out} exists: remove it, or give another --out')
    check_writable(args.out, folder=True)
    clips = make_recordings(args.out, args.num_subjects, args.seed, args.noise, args.workers)
    print(f'{args.out}: {clips} clips of {args.num_subjects} subjects, actions '
          + ', '.join(f'{number} {name}' for number, name in enumerate(ACTIONS, 1)))
    return 0
