"""Compare settings of pretraining on several datasets, without their test splits.

    python -m hico_mm.reproduction.sweep TABLE.py --out RUNS.jsonl

TABLE.py defines ``datasets``, ``settings`` and ``seeds``; docs/experiments/small.py is an example. A dataset is divided
into a part to train on and a held-out part to score; both come from its training split. A setting is a config with
changes. Each run appends one line to RUNS.jsonl, and runs that are already there are not repeated. At the end, a table
of means over seeds and datasets is printed, with standard errors. A setting with ``labels`` also trains on labelled
subsets; :mod:`hico_mm.reproduction.few_labels` says what it must contain.

With --test, the whole training split is used, and the test split is scored. This is for the figures that are reported
once all settings are chosen. Every line of RUNS.jsonl says which of the two it is.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from mmengine.config import Config
from rich.console import Console
from rich.progress import Progress

from ..cli.command import command, command_parser, count, seed
from ..datasets.annotation import read_annotation
from ..errors import UserError
from ..fileio import check_writable
from ..wiring import check_parts, read_config
from .sweep_run import Job, run, steps_of
from .sweep_table import show


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('sweep.py', __doc__)
    parser.prog = 'python -m hico_mm.reproduction.sweep'
    parser.add_argument('table', help='Python file with datasets, settings, seeds and steps')
    parser.add_argument('--out', type=Path, required=True, help='JSON lines to read and to append to')
    parser.add_argument('--part', type=part, default=(1, 1), metavar='I/N',
                        help='run every N-th run, beginning with the I-th, to share the work')
    parser.add_argument('--test', action='store_true', help='score the test splits, to report and not to choose')
    parser.add_argument('--datasets', nargs='+', metavar='NAME', help='datasets of the table; default: all')
    parser.add_argument('--settings', nargs='+', metavar='NAME', help='settings of the table; default: all')
    parser.add_argument('--seeds', nargs='+', type=seed, metavar='N', help='seeds; default: those of the table')
    parser.add_argument('--points', type=count, metavar='N', help='also score N times during each training')
    parser.add_argument('--steps', type=count, metavar='N', help='training steps; default: those of the table')
    return parser.parse_args(argv)


def part(text: str) -> Tuple[int, int]:
    """Parse a part of the runs: its number, and the number of parts."""
    match = re.fullmatch(r'([1-9]\d*)/([1-9]\d*)', text)
    if match is None or int(match[1]) > int(match[2]):
        raise argparse.ArgumentTypeError(f'{text} is not a part: give its number and the number of parts, such as 1/2')
    return int(match[1]), int(match[2])


def compare(args: argparse.Namespace) -> int:
    """Run what is missing, then print the table."""
    check_writable(args.out)
    table = choose(read_table(args.table), args)
    with Progress() as progress, tempfile.TemporaryDirectory() as folder:
        for job in progress.track(missing(table, args.out, *args.part), description='runs'):
            split = f'tested on split "{table.datasets[job.dataset].test}"' if args.test else \
                'the test split is not read'
            progress.console.print(f'{job.dataset}, {job.setting}, seed {job.seed}: {split}')
            append(args.out, run(table, job, Path(folder), args.test))
    show(list(read(args.out)), Console())
    return 0


def read_table(path: str) -> Config:
    """Read a table of datasets and settings.

    Raises:
        UserError: if it does not exist, or is incomplete.
    """
    if not Path(path).is_file():
        raise UserError(f'{path} does not exist: give a Python file with datasets, settings, seeds and steps')
    table = read_config(path)
    check_parts(table, path, 'datasets', 'settings', 'seeds', 'steps')
    return table


def choose(table: Config, args: argparse.Namespace) -> Config:
    """Keep the chosen datasets, settings, seeds and steps of a table, and check it.

    Raises:
        UserError: if it does not have one of them; if a dataset has no test split, which ``--test`` needs; or if
            :func:`check_runs` refuses the runs in the file.
    """
    for key, names in (('datasets', args.datasets), ('settings', args.settings)):
        unknown = [name for name in names or () if name not in table[key]]
        if unknown:
            raise UserError(f'{args.table} has no {unknown[0]} in {key}: it has {", ".join(table[key])}')
        if names:
            table[key] = {name: table[key][name] for name in names}
    untested = [name for name, data in table.datasets.items() if args.test and 'test' not in data]
    if untested:
        raise UserError(f'{args.table}: the dataset {untested[0]} has no "test", the name of its test split')
    for data in table.datasets.values():
        if args.test and 'distinct' in data:
            read_annotation(data['ann_file']).of_split(data['distinct'])  # refused now rather than after the training
    own = [name for name, setting in table.settings.items() if setting.get('steps')]
    if args.steps is not None and own:
        raise UserError(f'--steps does not apply to the setting {own[0]}, which has {table.settings[own[0]].steps} '
                        'steps of its own: leave --steps out, or choose other --settings')
    table.seeds, table.steps, table.points = args.seeds or table.seeds, args.steps or table.steps, args.points
    check_runs(table, args.out, args.test)
    return table


def check_runs(table: Config, out: Path, test: bool) -> None:
    """Check that the runs of a file can stand beside those that the table asks for.

    Raises:
        UserError: if they have other options or steps, are on other splits, or have no scores during the training
            although these are asked for.
    """
    rows = list(read(out))
    mine = [row for row in rows if row['setting'] in table.settings]
    for row in mine:
        facts = facts_of(table.settings[row['setting']], table.datasets.get(row['dataset']))
        if any(key in row and row[key] != value for key, value in facts.items()):
            raise UserError(f'{out} has a run of {row["setting"]} on {row["dataset"]} with other options than the '
                            'table has now: choose another --out, or another name')
    others = [row for row in mine if row['asked'] != steps_of(table, row['setting'])]
    if others:
        raise UserError(f'{out} has a run of {others[0]["setting"]} with {others[0]["asked"]} steps, not '
                        f'{steps_of(table, others[0]["setting"])}: choose another --out')
    if any(row['tested'] != test for row in rows):
        raise UserError(f'{out} has runs {"without" if test else "with"} --test: choose another --out')
    flat = [row for row in mine if table.points and row['steps'] and 'curve' not in row]
    if flat:
        raise UserError(f'{out} has a run of {flat[0]["setting"]} without scores during the training: choose another '
                        '--out')


def facts_of(setting: Config, data: Optional[Config]) -> Dict[str, Any]:
    """Return what the table says about a run, under the names that its row has. Rows of an older version lack some."""
    facts = dict(base=setting['base'], options=setting.get('options', {}), plan=setting.get('labels'))
    if data is not None:
        facts['data'] = data
    known: Dict[str, Any] = json.loads(json.dumps(facts))
    return known


def missing(table: Config, out: Path, first: int = 1, parts: int = 1) -> List[Job]:
    """Return the runs of a part that are not in a file yet, seed by seed.

    The parts are the same however many runs are missing, so that one of them can be started again beside the others.
    """
    done = {Job(row['dataset'], row['setting'], row['seed']) for row in read(out)}
    wanted = [Job(dataset, setting, seed) for seed in table.seeds for setting in table.settings
              for dataset in table.datasets]
    return [job for job in wanted[first - 1::parts] if job not in done]


def read(out: Path) -> Iterator[dict]:
    """Yield the rows of a file of runs; a last line that was cut off is left out."""
    for line in out.read_text().splitlines() if out.exists() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def append(out: Path, row: dict) -> None:
    """Append a row with a single write, since several processes may do so. A line that was cut off stays apart."""
    with out.open('a+b') as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
        start = b'' if file.read(1) in (b'', b'\n') else b'\n'
        file.write(start + json.dumps(row).encode() + b'\n')


main = command(parse_args, compare)

if __name__ == '__main__':
    sys.exit(main())
