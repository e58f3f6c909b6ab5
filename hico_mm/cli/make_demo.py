"""Make synthetic demo data: a small set of recordings in the text format of NTU RGB+D.

    hico-mm make-demo --out data/demo/raw

There are ten actions, two of them with two persons, twelve subjects and three cameras, and the sensor is noisy.
``missing.txt`` lists the clips in which nobody is visible, like the list of NTU's authors.
"""

import argparse
import os
from pathlib import Path
from typing import Optional, Sequence

from .command import command, command_parser, count, seed


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('make-demo', __doc__)
    parser.add_argument('--out', type=Path, required=True, help='folder to create')
    parser.add_argument('--num-subjects', type=count, default=12, help='number of subjects; default: 12')
    parser.add_argument('--seed', type=seed, default=0, help='random seed; default: 0')
    parser.add_argument('--noise', type=float, default=.005, help='noise of a joint, in metres; default: 0.005')
    parser.add_argument('--workers', type=count, default=os.cpu_count(), metavar='N',
                        help='number of processes; default: one per core')
    args = parser.parse_args(argv)
    if args.out.exists():
        parser.error(f'{args.out} already exists: remove it, or choose another --out')
    return args


def run(args: argparse.Namespace) -> int:
    """Make the recordings, and return the exit status."""
    from ..demo import ACTIONS, make_recordings
    from ..fileio import check_writable

    check_writable(args.out, folder=True)
    clips = make_recordings(args.out, args.num_subjects, args.seed, args.noise, args.workers)
    print(f'{args.out}: {clips} clips of {args.num_subjects} subjects, actions '
          + ', '.join(f'{number} {name}' for number, name in enumerate(ACTIONS, 1)))
    return 0


main = command(parse_args, run)
