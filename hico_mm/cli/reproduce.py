"""Run the paper's experiments for an encoder and a dataset, and compare the results with the paper's figures.

    hico-mm reproduce --encoder gru --dataset nwucla
    hico-mm reproduce --encoder gru --dataset nwucla --epochs 20 --seeds 0 1 2 --streams joint bone motion
    hico-mm reproduce --encoder lstm --dataset demo demo-xview --jobs 2

Missing encoders are pretrained, then evaluated. OUT/DATASET/ENCODER/VARIANT/STREAM/seedN/TASK contains the log, the
checkpoints and ``result.json`` of each step; OUT/DATASET/ENCODER/results.md and results.json contain the table. If it
is interrupted, or run again with more tasks, it continues where it stopped. Tasks:

  raw        linear evaluation and k-NN of raw        finetune   finetuned on all labels
             coordinates                              scratch    trained on all labels from scratch
  untrained  the same of the untrained encoder        scratch1   on 1 % of each class from scratch
  linear     linear evaluation, last epoch            scratch10  the same on 10 %
  knn        retrieval, k=1                           transfer   from ntu60 or pku1, finetuned on pku2
  semi1      finetuned on 1 % of each class           fusion     of the streams: linear scores; the field's weights,
  semi10     the same on 10 %                                    and weights searched on the training split
  ablations  the paper's tables 3 and 4, figure 4, and the released queue; linear and knn

raw, untrained and scratch are the baselines. They need no pretraining.
"""

import argparse
import shlex
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import List, Optional, Sequence

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..engine.run_folder import lock_folder
from ..fileio import atomic_write, check_writable, write_json
from ..reproduction.data import prepare
from ..reproduction.plan import ENCODERS, PROTOCOLS, STREAMS, TASKS, Plan, Setting, Step, inapplicable_tasks
from ..reproduction.results import collect, comparison, fuse_streams, table
from ..reproduction.runner import StepRunner, check_same
from .command import INTERRUPTED, command_parser, count, one_line_errors, seed
from .config import JoinedOptions, add_config_arguments, load_config


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('reproduce', __doc__)
    parser.add_argument('--encoder', choices=ENCODERS, required=True)
    parser.add_argument('--dataset', nargs='+', choices=PROTOCOLS, required=True, help='one or more datasets')
    parser.add_argument('--tasks', nargs='+', choices=TASKS, help='tasks to run; default: all that apply')
    parser.add_argument('--streams', nargs='+', choices=STREAMS, default=['joint'], help='streams; default: joint')
    parser.add_argument('--seeds', nargs='+', type=seed, default=[0], metavar='N', help='pretraining seeds; default: 0')
    parser.add_argument('--draws', type=count, default=5, metavar='N', help='labelled subsets per seed; default: 5')
    parser.add_argument('--epochs', type=count, help='epochs of pretraining; the schedule is rescaled to match; '
                        "default: the config's")
    parser.add_argument('--jobs', type=count, default=1, metavar='N',
                        help='number of steps to run in parallel; they share the cores')
    parser.add_argument('--raw', type=Path, metavar='DIR',
                        help='folder with the JSON clips of NW-UCLA, converted if the annotation does not exist')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/reproduce'),
                        help='output folder; default: work_dirs/reproduce')
    parser.add_argument('--plan', action='store_true', help='print the commands that would run, and run nothing; '
                        'untrained.py, which some of them use, is only written when they run')
    parser.add_argument('--cfg-options', nargs='+', action='extend', default=[], metavar='KEY=VALUE',
                        help='options for every command; options of model.* only apply to pretraining, since all other '
                        'tasks take the encoder from the checkpoint')
    args = parser.parse_args(argv)
    for pair in args.cfg_options:
        if '=' not in pair:
            parser.error(f'--cfg-options takes KEY=VALUE pairs, got {pair!r}')
    if args.raw is not None and not args.raw.is_dir():
        parser.error(f'--raw {args.raw} is not a folder: give the folder with the JSON clips')
    args.out, args.seeds = args.out.resolve(), sorted(set(args.seeds))
    args.streams = [stream for stream in STREAMS if stream in args.streams]
    inapplicable = inapplicable_tasks(args.dataset, args.streams)
    for task in args.tasks or ():
        if task in inapplicable:
            parser.error(f'{task} {inapplicable[task]}')
    args.tasks = args.tasks or [task for task in TASKS if task not in inapplicable]
    return args


def report(args: argparse.Namespace) -> None:
    """Write and print the tables of all existing results, from this call and earlier ones."""
    results = {}
    for dataset in args.dataset:
        for number in args.seeds if 'fusion' in args.tasks else ():
            fuse_streams(args.out, Setting(args.encoder, dataset, seed=number), args.streams)
        folder = args.out / dataset / args.encoder
        rows = results[dataset] = collect(folder)
        if not rows:
            continue
        epochs = args.epochs or load_config(str(Setting(args.encoder, dataset).config)).train_cfg.max_epochs
        head = f'HiCo, {args.encoder}, {dataset}, {epochs} epochs of pretraining {" ".join(args.cfg_options)}\n\n'
        write_json(dict(encoder=args.encoder, dataset=dataset, epochs=epochs, options=args.cfg_options, results=rows),
                   folder / 'results.json')
        with atomic_write(folder / 'results.md') as temporary:
            temporary.write_text(head + table(rows, epochs))
        print(f'\n{head}{table(rows, epochs)}\n{folder / "results.md"}, results.json')
    compared = comparison({dataset: rows for dataset, rows in results.items() if rows})
    if compared:
        print(f'\n{compared}\n\nraw: normalised coordinates without an encoder; untrained: the encoder before '
              'pretraining, same seed')


def what_next(out: Path, lane: List[Step]) -> str:
    """Return a text that suggests what to do with the encoder of a lane."""
    knn = next((step for step in lane if step.task == 'knn'), None)
    if knn is None:
        return ''
    command = knn.command(out)
    split = next((word.split('=')[1] for word in command if word.startswith('test_dataloader.dataset.split=')),
                 'xview_val' if 'nwucla' in knn.setting.dataset else 'xsub_val')
    pretrain = ' '.join(lane[0].command(out)[:2])
    return f'''
pretrained encoder   {command[2]}
curves               python -m tensorboard.main --logdir {out}

what next, after: source {Path(sys.executable).parent / 'activate'}
  what it is         hico-mm info {command[2]}
  retrieval again    hico-mm {" ".join(command[:3])}
  features, arrays   hico-mm extract {" ".join(command[1:3])} \\
                       --split {split} --out features.npz
  another encoder    hico-mm {pretrain} --cfg-options model.neck.encoder.type=TransformerEncoder
  your own clips     README.md, "Your own data"
  start again        remove {out}'''


def check_config_options(args: argparse.Namespace) -> None:
    """Check the options for all commands against the pretraining configs, before anything runs.

    Raises:
        UserError: if an option is misspelt or invalid.
    """
    pairs = (pair.split('=', 1) for pair in args.cfg_options)
    options = {key: JoinedOptions._parse_iterable(value) for key, value in pairs}
    for dataset in args.dataset:
        load_config(str(Setting(args.encoder, dataset).config), options=options)


def write_untrained(out: Path, plan: Plan, lane: List[Step]) -> None:
    """Write the config used for the untrained encoder of a lane, if a step starts from it."""
    setting = lane[0].setting
    if all(step.source != setting.untrained for step in lane):
        return
    parser = command_parser('train', None)
    add_config_arguments(parser)
    changes = parser.parse_args(plan.changes(setting))
    (out / setting.name).mkdir(parents=True, exist_ok=True)
    with atomic_write(out / setting.untrained) as temporary:
        temporary.write_text(load_config(str(setting.config), changes.fragments, changes.cfg_options).pretty_text)


def is_left(step: Step, out: Path) -> bool:
    """Return whether a step has no result yet.

    Raises:
        UserError: if its folder was made with different options.
    """
    check_same(step, out / step.name)
    return not (out / step.name / 'result.json').exists()


def run(args: argparse.Namespace, left: List[List[Step]]) -> StepRunner:
    """Run the remaining steps with a progress bar. Ctrl-C stops the running steps."""
    # A shell starts background jobs with interrupts ignored, and steps would inherit that. nohup stays in effect.
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress, ThreadPoolExecutor(args.jobs) as pool:
        runs = StepRunner(args.out, args.jobs, progress, progress.add_task('all', total=sum(map(len, left))))
        try:
            for future in [pool.submit(runs.lane, lane) for lane in left]:
                future.result()
        except KeyboardInterrupt:
            runs.interrupt()
    return runs


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Plan and run the steps, print the tables, and return the exit status."""
    args = parse_args(argv)
    check_config_options(args)
    check_writable(args.out, folder=True)
    plan = Plan(args.tasks, args.draws, args.epochs, *(
        tuple(o for o in args.cfg_options if o.startswith('model.') == model) for model in (True, False)))
    lanes = [lane for dataset in args.dataset for lane in plan.lanes(args.encoder, dataset, args.streams, args.seeds)]
    left = [[step for step in lane if is_left(step, args.out)] for lane in lanes]
    if args.plan:
        for step in (step for lane in left for step in lane):
            print(shlex.join(['hico-mm', *step.command(args.out)]))
        return 0
    if not any('ann_file=' in option for option in args.cfg_options):
        for dataset in args.dataset:
            prepare(Setting(args.encoder, dataset), args.raw)
    with ExitStack() as locks:
        for dataset in args.dataset:
            locks.enter_context(lock_folder(args.out / dataset / args.encoder))
        for lane in lanes:
            write_untrained(args.out, plan, lane)
        runs = run(args, left)
    report(args)
    if runs.stopped:
        print('interrupted: run the same command again to continue', file=sys.stderr)
        return INTERRUPTED
    if not runs.failed:
        print(what_next(args.out, lanes[0]))
    return int(runs.failed)
