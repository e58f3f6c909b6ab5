"""Make synthetic demo data: a small set of recordings in the text format of NTU RGB+D.

    hico-mm make-demo --out data/demo/raw
    hico-mm make-demo --by-class --out recordings
    hico-mm make-demo --long 4 --out data/demo/long
    hico-mm make-demo --poses-2d --out data/demo/demo_2d.pkl

There are ten actions, two of them with two persons, twelve subjects and three cameras, and the sensor is noisy.
``missing.txt`` lists the clips in which nobody is visible, like the list of NTU's authors. With --long, recordings of
all actions with pauses between them are written, in the text format of PKU-MMD, with their true boundaries. With
--poses-2d, an annotation of 2-D poses with scores is written, as from a pose estimator: 17 joints of COCO in pixels.
"""

import argparse
import math
import os
from pathlib import Path
from typing import Optional, Sequence

from .command import command, command_parser, count, seed


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('make-demo', __doc__)
    parser.add_argument('--out', type=Path, required=True, help='folder to create, or with --poses-2d the pickle')
    parser.add_argument('--num-subjects', type=count, help='number of subjects; default: 12')
    parser.add_argument('--by-class', action='store_true', help='sort the clips into a folder for each action')
    parser.add_argument('--long', type=count, metavar='N', help='write N long recordings in place of clips, each of a '
                        'subject who is not in the clips')
    parser.add_argument('--poses-2d', action='store_true', help='write 2-D poses with scores in place of recordings')
    parser.add_argument('--seed', type=seed, default=0, help='random seed; default: 0')
    parser.add_argument('--noise', type=noise, default=.005, help='noise of a joint, in metres; default: 0.005')
    parser.add_argument('--workers', type=count, metavar='N', help='number of processes; default: one per core')
    args = parser.parse_args(argv)
    if args.long is not None and (args.num_subjects is not None or args.workers is not None or args.by_class):
        parser.error('--num-subjects, --workers and --by-class are for clips, not for --long: leave them out')
    if args.poses_2d and (args.long is not None or args.by_class or args.noise != .005):
        parser.error('--long, --by-class and --noise are for recordings, not for --poses-2d: leave them out')
    if args.out.exists():
        parser.error(f'{args.out} already exists: remove it, or choose another --out')
    return args


def noise(text: str) -> float:
    """Parse a noise: a finite number of at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f'{text} is not a number of at least 0')
    return value


def run(args: argparse.Namespace) -> int:
    """Make the recordings, and return the exit status."""
    from ..demo import ACTIONS, make_long_recordings, make_poses_2d, make_recordings
    from ..fileio import check_writable

    check_writable(args.out, folder=not args.poses_2d)
    if args.long is not None:
        actions = make_long_recordings(args.out, args.long, args.seed, args.noise)
        what = f'{args.long} long recordings with {actions} actions'
    elif args.poses_2d:
        subjects = args.num_subjects or 12
        what = f'{make_poses_2d(args.out, subjects, args.seed, args.workers)} clips of {subjects} subjects'
    else:
        subjects = args.num_subjects or 12
        clips = make_recordings(args.out, subjects, args.seed, args.noise, args.workers or os.cpu_count(),
                                args.by_class)
        what = f'{clips} clips of {subjects} subjects'
    print(f'{args.out}: {what}, actions ' + ', '.join(f'{number} {name}' for number, name in enumerate(ACTIONS, 1)))
    return 0


main = command(parse_args, run, models=False)
