"""Pretrain HiCo on synthetic demo data, and show how well the representation performs.

    hico-mm demo                 on generated recordings, in the current folder; takes a few minutes
    hico-mm demo --data DIR      on Northwestern-UCLA; DIR contains its JSON clips (all_sqe)

If you run it again, it reuses existing results and continues where it stopped.
"""

import argparse
import importlib.util
import shlex
from pathlib import Path
from typing import Optional, Sequence

from . import report, reproduce
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
    """Run the experiments of the demo, write a report of them, and return the exit status."""
    from ..demo import ACTIONS
    from ..reproduction.plan import Setting
    from ..reproduction.protocols import PROTOCOLS

    data = ('demo', 'demo-xview') if args.data is None else ('nwucla_small', '--raw', str(args.data))
    name = 'demo' if args.data is None else 'nwucla'
    out = Path('work_dirs', f'quickstart_{name}', f'epochs{args.epochs}_seed{args.seed}')
    status = reproduce.run(reproduce.parse_args([
        '--encoder', 'lstm', '--dataset', *data, '--tasks', 'raw', 'untrained', 'linear', 'knn',
        '--jobs', str(args.jobs), '--seeds', str(args.seed), '--epochs', str(args.epochs), '--out', str(out)]))
    run_folder = out / Setting('lstm', data[0], PROTOCOLS[data[0]].stream, args.seed).name
    return status or write_report(run_folder, out / 'report.html', list(ACTIONS) if args.data is None else ())


def write_report(run_folder: Path, out: Path, names: Sequence[str] = ()) -> int:
    """Write a report of the pretraining run and the linear classifier in a folder, and return the exit status.

    Without scikit-learn, the command that writes it is printed. The names are those of the classes.
    """
    runs = [str(run_folder / task) for task in ('pretrain', 'linear') if (run_folder / task).is_dir()]
    words = [*runs, '--out', str(out), '--title', 'Demo']
    if names:
        words += ['--classes', str(write_names(names, out.with_name('classes.txt')))]
    if not runs:
        return 0
    if importlib.util.find_spec('sklearn') is None:
        print('for a report to look at: pip install "hico_mm[report]", then\n'
              f'  {shlex.join(["hico-mm", "report", *words])}')
        return 0
    print('\na report to look at:')
    return report.run(report.parse_args(words))


def write_names(names: Sequence[str], path: Path) -> Path:
    """Write names of classes, one per line, and return the file."""
    from ..fileio import atomic_write

    with atomic_write(path) as temporary:
        temporary.write_text('\n'.join([*names, '']))
    return path


main = command(parse_args, run)
