"""Pretrain HiCo on synthetic demo data, and show how well the representation performs.

    hico-mm demo                 on generated recordings, in the current folder; takes some minutes
    hico-mm demo --data DIR      on Northwestern-UCLA; DIR contains its JSON clips (all_sqe)

If you run it again, it reuses existing results and continues where it stopped.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from . import reproduce
from .command import command, command_parser, count, folder, seed


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('demo', __doc__)
    parser.add_argument('--data', type=folder, metavar='DIR', help='folder with the JSON clips of NW-UCLA')
    parser.add_argument('--epochs', type=count, default=150, help='epochs of pretraining; default: 150')
    parser.add_argument('--seed', type=seed, default=0, help='seed of pretraining; default: 0')
    parser.add_argument('--jobs', type=count, default=2, metavar='N', help='steps to run in parallel; default: 2')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Run the experiments of the demo, and return the exit status."""
    data = ('demo', 'demo-xview') if args.data is None else ('nwucla_small', '--raw', str(args.data))
    name = 'demo' if args.data is None else 'nwucla'
    out = Path('work_dirs', f'quickstart_{name}', f'epochs{args.epochs}_seed{args.seed}')
    return reproduce.run(reproduce.parse_args([
        '--encoder', 'lstm', '--dataset', *data, '--tasks', 'raw', 'untrained', 'linear', 'knn',
        '--jobs', str(args.jobs), '--seeds', str(args.seed), '--epochs', str(args.epochs), '--out', str(out)]))


main = command(parse_args, run)
