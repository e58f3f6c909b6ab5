"""Run the paper's experiments for an encoder and a data set, and tabulate them beside the paper's figures.

    python tools/reproduce.py --encoder gru --dataset nwucla
    python tools/reproduce.py --encoder gru --dataset nwucla --epochs 20 --seeds 0 1 2 --streams joint bone motion

Pretrains what is missing, then evaluates: OUT/DATASET/ENCODER/VARIANT/STREAM/seedN/TASK has the log, the checkpoints
and ``result.json`` of each step; OUT/DATASET/ENCODER/results.md and results.json have the table. Interrupted, or run
again with more tasks, it goes on where it stopped. Tasks:

  linear    linear evaluation, last epoch            transfer   from ntu60 or pku1, finetuned on pku2
  knn       retrieval, k=1                           fusion     of the streams: linear scores; the field's weights, and
  semi1     finetuned on 1 % of each class                      weights searched on the training split
  semi10    likewise on 10 %                         ablations  the paper's tables 3 and 4, figure 4, and the released
  finetune  finetuned on all labels                             queue; linear and knn
"""

import argparse
import json
import shlex
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Dict, List, Tuple

from experiments import CONFIGS, DATASETS, ENCODERS, SOURCES, STREAMS, TASKS, Setting, Step, make_plan
from published import published
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from step_runner import StepRunner, check_same, take, write_json

import hico_mm  # noqa: F401
from hico_mm.evaluation.fusion import (
    accuracies,
    align,
    comparable,
    default_weights,
    fuse,
    load_predictions,
    search_weights,
)
from hico_mm.utils import atomic_write


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--encoder', choices=ENCODERS, required=True)
    parser.add_argument('--dataset', choices=DATASETS, required=True)
    parser.add_argument('--tasks', nargs='+', choices=TASKS, help='default: all that apply')
    parser.add_argument('--streams', nargs='+', choices=STREAMS, default=['joint'], help='default: joint')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0], metavar='N', help='of pretraining; default: 0')
    parser.add_argument('--draws', type=int, default=5, metavar='N', help='labelled subsets a seed; default: 5')
    parser.add_argument('--epochs', type=int, help="of pretraining, the schedule scaled alike; default: the config's")
    parser.add_argument('--jobs', type=int, default=1, metavar='N', help='steps side by side, which share the cores')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/reproduce'), help='default: work_dirs/reproduce')
    parser.add_argument('--plan', action='store_true', help='print the commands that would run, and run nothing')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='key=value pairs for every command')
    args = parser.parse_args()
    for option in 'epochs', 'jobs', 'draws':
        if getattr(args, option) is not None and getattr(args, option) < 1:
            parser.error(f'--{option} must be at least 1, got {getattr(args, option)}')
    args.out = args.out.resolve()
    args.seeds = sorted(set(args.seeds))
    args.streams = [stream for stream in STREAMS if stream in args.streams]
    apply = applicable(args)
    if args.tasks is None:
        args.tasks = [task for task in TASKS if task not in apply]
    for task in args.tasks:
        if task in apply:
            parser.error(f'{task} {apply[task]}')
    return args


def applicable(args: argparse.Namespace) -> Dict[str, str]:
    """The tasks that do not apply, and why."""
    reasons = {}
    if len(args.streams) < 2:
        reasons['fusion'] = 'needs two --streams or more'
    if args.dataset not in SOURCES:
        reasons['transfer'] = f'to pku2 is from {" or ".join(SOURCES)}'
    known = sorted({path.stem.rpartition('_')[0][5:] for path in (CONFIGS / 'ablations').glob('*.py')})
    if f'{args.encoder}_{args.dataset}' not in known:
        reasons['ablations'] = f'are of {", ".join(known)}'
    return reasons


def fuse_streams(out: Path, setting: Setting, streams: List[str]) -> None:
    """Fuse the linear scores of some streams, if they are there, by either kind of weights."""
    folders = [[out / setting._replace(stream=s).name / task for s in streams] for task in ('dump', 'dump_train')]
    if not all((folder / 'result.json').exists() for split in folders for folder in split):
        return
    dumps = (align([load_predictions(folder / 'predictions.pkl') for folder in split]) for split in folders)
    test, train = comparable(*dumps)
    for task, weights in ('fusion', default_weights(len(streams))), ('fusion, weights searched', search_weights(train)):
        top1, mean1 = accuracies(fuse(test, weights), test[0].labels)
        place = setting._replace(stream='+'.join(streams))
        write_json(dict(place._asdict(), task=task, draw=None, top1=top1, mean1=mean1, weights=list(weights)),
                   out / place.name / task.replace(', ', '_').replace(' ', '_') / 'result.json')


def table(rows: List[dict], epochs: int) -> str:
    """Rows -> Markdown: mean over seeds, of the mean over draws; its deviation; and the paper's figure."""
    groups: Dict[Tuple[str, str, str], Dict[int, List[float]]] = {}
    for row in rows:
        key = row['task'], row['variant'], row['stream']
        groups.setdefault(key, {}).setdefault(row['seed'], []).append(100 * row['top1'])
    lines = [f'| task | model | stream | top-1, % ({epochs} epochs) | runs (seeds) | paper (451 epochs) |',
             '|---|---|---|---|---|---|']
    order = {task: i for i, task in enumerate(('linear', 'knn', 'semi1', 'semi10', 'finetune', 'transfer'))}
    for (task, variant, stream), seeds in sorted(groups.items(), key=lambda item: (
            item[0][1], order.get(item[0][0], len(order)), item[0])):
        values = [mean(draws) for draws in seeds.values()]
        runs = sum(map(len, seeds.values()))
        spread = values if len(values) > 1 else max(seeds.values(), key=len)
        deviation = f' ± {stdev(spread):.1f}' if len(spread) > 1 else ''
        figure = published(task, rows[0]['encoder'], rows[0]['dataset'], stream, variant)
        lines.append(f'| {task} | {variant or "HiCo"} | {stream} | {mean(values):.1f}{deviation} '
                     f'| {runs} ({len(values)}) | {"-" if figure is None else figure} |')
    return '\n'.join(lines) + '\n'


def report(args: argparse.Namespace, epochs: int) -> None:
    """Write and print the table of all results that are there, of this call and of earlier ones."""
    for seed in args.seeds if 'fusion' in args.tasks else ():
        fuse_streams(args.out, Setting(args.encoder, args.dataset, seed=seed), args.streams)
    folder = args.out / args.dataset / args.encoder
    rows = [row for row in map(read_json, sorted(folder.rglob('result.json')))
            if 'top1' in row and not row['task'].startswith('dump')]
    if not rows:
        return
    head = f'HiCo, {args.encoder}, {args.dataset}, {epochs} epochs of pretraining {" ".join(args.cfg_options)}\n\n'
    write_json(dict(encoder=args.encoder, dataset=args.dataset, epochs=epochs, options=args.cfg_options, results=rows),
               folder / 'results.json')
    with atomic_write(folder / 'results.md') as temporary:
        Path(temporary).write_text(head + table(rows, epochs))
    print(f'\n{head}{table(rows, epochs)}\n{folder / "results.md"}, results.json')


def read_json(path: Path) -> Dict[str, Any]:
    """A result."""
    return json.loads(path.read_text())


def is_left(step: Step, out: Path) -> bool:
    """Whether a step has no result yet.

    Raises:
        ValueError: if its folder is of other options.
    """
    check_same(step, out / step.name)
    return not (out / step.name / 'result.json').exists()


def main() -> int:
    """Plan, run, tabulate; returns the exit status."""
    args = parse_args()
    lanes = make_plan(args.encoder, args.dataset, args.tasks, args.streams, args.seeds, args.draws, args.epochs,
                      args.cfg_options)
    try:
        left = [[step for step in lane if is_left(step, args.out)] for lane in lanes]
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if args.plan:
        for step in (step for lane in left for step in lane):
            print(shlex.join(['python', *step.command(args.out)]))
        return 0
    # A shell starts jobs in the background with interrupts ignored, and steps would inherit that; nohup stays in force.
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    lock = take(args.out / args.dataset / args.encoder)
    if lock is None:
        print(f'{args.out / args.dataset / args.encoder} is being worked in by another reproduce.py: wait for it, or '
              'give another --out', file=sys.stderr)
        return 1
    columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress, ThreadPoolExecutor(args.jobs) as pool:
        runs = StepRunner(args.out, args.jobs, progress, progress.add_task('all', total=sum(map(len, left))))
        try:
            for future in [pool.submit(runs.lane, lane) for lane in left]:
                future.result()
        except KeyboardInterrupt:
            runs.interrupt()
    report(args, int(lanes[0][0].options[1]))
    if runs.stopped:
        print('interrupted: the same command goes on', file=sys.stderr)
        return 130
    return int(runs.failed)


if __name__ == '__main__':
    sys.exit(main())
