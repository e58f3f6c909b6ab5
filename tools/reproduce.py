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
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Dict, Iterator, List, Tuple

from experiments import CONFIGS, DATASETS, ENCODERS, ROOT, SOURCES, STREAMS, TASKS, Plan, Setting, Step, make_plan
from mmengine.config import Config
from published import published
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

import hico_mm  # noqa: F401
from hico_mm.evaluation.fusion import (
    FIELD_WEIGHTS,
    accuracies,
    align,
    comparable,
    fuse,
    load_predictions,
    search_weights,
)
from hico_mm.utils import atomic_write

ETA = re.compile(r'Epoch\(train\) +(\[\d+\]).* eta: ([\d:]+|\d+ day\S* [\d:]+)')


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
    parser.add_argument('--plan', action='store_true', help='print the commands, run nothing')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='key=value pairs for every command')
    args = parser.parse_args()
    args.out = args.out.resolve()
    if args.tasks is None:
        inapplicable = {'transfer': args.dataset not in SOURCES, 'fusion': len(args.streams) < 2,
                        'ablations': not ablation_exists(args)}
        args.tasks = [task for task in TASKS if not inapplicable.get(task)]
    if 'fusion' in args.tasks and len(args.streams) < 2:
        parser.error('fusion needs two --streams or more')
    if 'transfer' in args.tasks and args.dataset not in SOURCES:
        parser.error(f'transfer to pku2 is from {" or ".join(SOURCES)}')
    if 'ablations' in args.tasks and not ablation_exists(args):
        names = sorted({path.stem.rpartition('_')[0][5:] for path in (CONFIGS / 'ablations').glob('*.py')})
        parser.error(f'ablations are of {", ".join(names)}')
    return args


def ablation_exists(args: argparse.Namespace) -> bool:
    """Whether there are ablation configs for the encoder and the data set."""
    return (CONFIGS / 'ablations' / f'hico_{args.encoder}_{args.dataset}_instance.py').exists()


class Runs:
    """Runs steps whose results are not there yet; one that fails ends its lane."""

    def __init__(self, out: Path, jobs: int, progress: Progress, bar: TaskID) -> None:
        self.out, self.jobs, self.progress, self.bar = out, jobs, progress, bar
        self.processes: Dict[str, subprocess.Popen] = {}
        self.stop = threading.Event()
        self.failed = False

    def lane(self, steps: List[Step]) -> None:
        """The steps of a lane, one after the other."""
        for step in steps:
            if self.stop.is_set():
                return
            if not (self.out / step.name / 'result.json').exists():
                try:
                    self.step(step)
                except RuntimeError as error:
                    self.failed = self.failed or not self.stop.is_set()
                    self.progress.console.print(str(error), markup=False)
                    return
            self.progress.advance(self.bar)

    def step(self, step: Step) -> None:
        """Run a step and keep its result.

        Raises:
            RuntimeError: if it fails.
        """
        folder = self.out / step.name
        folder.mkdir(parents=True, exist_ok=True)
        began, log = time.monotonic(), folder / 'output.log'
        environment = dict(os.environ)
        if self.jobs > 1:
            environment.setdefault('OMP_NUM_THREADS', str(max(1, (os.cpu_count() or 1) // self.jobs)))
        resume = (folder / 'last_checkpoint').exists() or step.task == 'pretrain'
        line = self.progress.add_task(step.name, total=None)
        with log.open('a') as file, subprocess.Popen(
                [sys.executable, *step.command(self.out, resume)], cwd=ROOT, env=environment, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            self.processes[step.name] = process
            for text in process.stdout or ():
                file.write(text)
                found = ETA.search(text)
                if found:
                    self.progress.update(line, description=f'{step.name} {found[1]} {found[2]} left')
        del self.processes[step.name]
        self.progress.remove_task(line)
        if process.returncode:
            raise RuntimeError(f'{step.name} failed, see {log}: {" ".join(log.read_text().splitlines()[-1:])}')
        result: Dict[str, Any] = dict(read_metrics(folder, step.tool), seconds=round(time.monotonic() - began),
                      command=['python', *step.command(self.out)])
        write_json(result, folder / 'result.json')
        said = f'{100 * result["top1"]:.2f} %' if 'top1' in result else 'done'
        self.progress.console.print(f'{step.name}: {said} ({result["seconds"]} s)', highlight=False)

    def interrupt(self) -> None:
        """End what is running; checkpoints stay."""
        self.stop.set()
        for process in list(self.processes.values()):
            process.send_signal(signal.SIGINT)


def read_metrics(folder: Path, tool: str) -> Dict[str, float]:
    """The last accuracies that a run logged, and the best, in [0, 1]; from mmengine's own JSON."""
    latest = max(path for path in folder.iterdir() if path.is_dir())
    path = latest / f'{latest.name}.json' if tool == 'test.py' else latest / 'vis_data' / 'scalars.json'
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    scores = [line for line in lines if 'acc/top1' in line]
    if not scores:
        return {}
    best = max(score['acc/top1'] for score in scores)
    return dict(top1=scores[-1]['acc/top1'], mean1=scores[-1]['acc/mean1'],
                best_top1=scores[-1].get('acc/best_top1', best))


def write_json(content: object, path: Path) -> None:
    """Write whole or not at all."""
    with atomic_write(path) as temporary:
        Path(temporary).write_text(json.dumps(content, indent=1) + '\n')


def fuse_streams(out: Path, setting: Setting, streams: List[str]) -> Iterator[Tuple[str, float, List[float]]]:
    """The accuracies of fused linear scores, by the kind of their weights."""
    test, train = ([load_predictions(out / setting._replace(stream=stream).name / task / 'predictions.pkl')
                    for stream in streams] for task in ('dump', 'dump_train'))
    test, train = comparable(align(test)), comparable(align(train))
    fixed = [FIELD_WEIGHTS[stream] for stream in streams]
    for name, weights in ('fusion', fixed), ('fusion, weights searched', list(search_weights(train))):
        yield name, accuracies(fuse(test, weights), test[0].labels)[0], weights


def collect(plan: Plan, out: Path, streams: List[str]) -> List[dict]:
    """Every result as a row of plain data."""
    rows = []
    for step in (step for lane in plan.lanes for step in lane):
        path = out / step.name / 'result.json'
        result = json.loads(path.read_text()) if path.exists() else {}
        if 'top1' in result and not step.task.startswith('dump') and step.task != 'pretrain':
            rows.append(dict(step.setting._asdict(), task=step.task, draw=step.draw, **result))
    for setting in plan.fusions:
        if all((out / setting._replace(stream=s).name / 'dump_train' / 'result.json').exists() for s in streams):
            for name, top1, weights in fuse_streams(out, setting, streams):
                rows.append(dict(setting._asdict(), stream='+'.join(streams), task=name, top1=top1, weights=weights))
    return rows


def table(rows: List[dict]) -> str:
    """Rows -> Markdown: the mean over seeds and draws, their deviation, and the paper's figure."""
    groups: Dict[Tuple[str, str, str], List[dict]] = {}
    for row in rows:
        groups.setdefault((row['task'], row['variant'], row['stream']), []).append(row)
    lines = ['| task | model | stream | top-1, % | runs | paper |', '|---|---|---|---|---|---|']
    for (task, variant, stream), members in groups.items():
        values = [100 * row['top1'] for row in members]
        spread = f' ± {stdev(values):.1f}' if len(values) > 1 else ''
        figure = published(task, members[0]['encoder'], members[0]['dataset'], stream, variant)
        lines.append(f'| {task} | {variant or "HiCo"} | {stream} | {mean(values):.1f}{spread} | {len(values)} | '
                     f'{"-" if figure is None else figure} |')
    return '\n'.join(lines) + '\n'


def report(args: argparse.Namespace, plan: Plan) -> None:
    """Write and print the table of what is there."""
    rows = collect(plan, args.out, args.streams)
    folder = args.out / args.dataset / args.encoder
    folder.mkdir(parents=True, exist_ok=True)
    epochs = args.epochs or Config.fromfile(plan.lanes[0][0].config).train_cfg.max_epochs
    head = f'HiCo, {args.encoder}, {args.dataset}: {epochs} epochs of pretraining\n\n'
    write_json(dict(encoder=args.encoder, dataset=args.dataset, epochs=epochs, results=rows), folder / 'results.json')
    with atomic_write(folder / 'results.md') as temporary:
        Path(temporary).write_text(head + table(rows))
    print(head + table(rows) + f'\n{folder / "results.md"}, results.json')


def check_epochs(args: argparse.Namespace) -> None:
    """One output folder holds runs of one length.

    Raises:
        ValueError: if there are runs of another.
    """
    path = args.out / args.dataset / args.encoder / 'settings.json'
    settings = dict(epochs=args.epochs, options=args.cfg_options)
    if path.exists() and json.loads(path.read_text()) != settings:
        raise ValueError(f'{path.parent} has runs of {json.loads(path.read_text())}: give another --out for {settings}')
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(settings, path)


def main() -> int:
    """Plan, run, tabulate; returns the exit status."""
    args = parse_args()
    plan = make_plan(args.encoder, args.dataset, args.tasks, args.streams, args.seeds, args.draws, args.epochs,
                     args.cfg_options)
    if args.plan:
        for step in (step for lane in plan.lanes for step in lane):
            print(shlex.join(['python', *step.command(args.out)]))
        return 0
    try:
        check_epochs(args)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress, ThreadPoolExecutor(args.jobs) as pool:
        runs = Runs(args.out, args.jobs, progress, progress.add_task('all', total=sum(map(len, plan.lanes))))
        try:
            for future in [pool.submit(runs.lane, lane) for lane in plan.lanes]:
                future.result()
        except KeyboardInterrupt:
            runs.interrupt()
            print('interrupted: the same command goes on', file=sys.stderr)
            return 130
    report(args, plan)
    return int(runs.failed)


if __name__ == '__main__':
    sys.exit(main())
