"""Run the experiments that a command line asks for."""

import argparse
import shlex
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import List

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..cli.command import command_parser
from ..cli.config import add_config_arguments, option_value
from ..engine.run_folder import lock_folder
from ..errors import INTERRUPTED
from ..fileio import atomic_write, check_writable, write_json
from ..wiring import load_config
from .data import prepare
from .plan import Plan, Setting, Step
from .protocols import BASELINES
from .results import collect, comparison, fuse_streams, table
from .runner import StepRunner, check_same


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
    options = list(knn.arguments)
    given = next((word.split('=')[1] for word in options if word.startswith('test_dataloader.dataset.split=')), None)
    split = given or ('xview_val' if 'nwucla' in knn.setting.dataset else 'xsub_val')
    changes = [word for word in lane[0].arguments if not word.startswith('model.neck.encoder.type=')]
    pretrain = [*lane[0].command(out)[:2], *changes]
    pretrain += [] if '--cfg-options' in changes else ['--cfg-options']
    pretrain.append('model.neck.encoder.type=TransformerEncoder')
    return f'''
pretrained encoder   {command[2]}
curves               python -m tensorboard.main --logdir {out}

what next, after: source {Path(sys.executable).parent / 'activate'}
  what it is         hico-mm info {command[2]}
  retrieval again    hico-mm {shlex.join([*command[:3], *options])}
  features, arrays   hico-mm extract {shlex.join([*command[1:3], '--split', split, '--out', 'features.npz', *options])}
  another encoder    hico-mm {shlex.join(pretrain)}
  your own clips     README.md, "Your own clips"
  start again        remove {out}'''


def check_config_options(args: argparse.Namespace) -> None:
    """Check the options for all commands against the pretraining configs, before anything runs.

    Raises:
        UserError: if an option is misspelt or invalid.
    """
    pairs = (pair.split('=', 1) for pair in args.cfg_options)
    options = {key: option_value(value) for key, value in pairs}
    for dataset in args.dataset:
        load_config(str(Setting(args.encoder, dataset).config), options=options)


def write_baselines(out: Path, plan: Plan, lane: List[Step]) -> None:
    """Write the configs of the untrained encoder and of raw coordinates of a lane, if a step starts from them.

    Both prepare and crop clips like the pretraining config.
    """
    setting, sources = lane[0].setting, {step.source for step in lane}
    parser = command_parser('train', None)
    add_config_arguments(parser)
    changes = parser.parse_args(plan.changes(setting))
    for path in {setting.untrained, setting.raw} & sources:
        config = load_config(str(setting.config), changes.fragments, changes.cfg_options)
        if path == setting.raw:
            config.model = dict(backbone=dict(type='RawCoordinates'), data_preprocessor=config.model.data_preprocessor)
        (out / setting.name).mkdir(parents=True, exist_ok=True)
        with atomic_write(out / path) as temporary:
            temporary.write_text(config.pretty_text)


def check_results(args: argparse.Namespace, plan: Plan) -> None:
    """Check that the results that will share a table were made with the same options, also those of earlier calls.

    Raises:
        UserError: if some were not; the message names their folder.
    """
    for dataset in args.dataset:
        for step in plan.of_results(args.out / dataset / args.encoder, dataset):
            if step.task != 'pretrain' or {*args.tasks} - {*BASELINES}:  # baselines do not depend on its length
                check_same(step, args.out / step.name)


def run_steps(args: argparse.Namespace, left: List[List[Step]]) -> StepRunner:
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


def reproduce(args: argparse.Namespace) -> int:
    """Plan and run the steps of a command line, print the tables, and return the exit status.

    Raises:
        UserError: if an option is invalid, or there are results of the same encoder with other options.
    """
    check_config_options(args)
    check_writable(args.out, folder=True)
    plan = Plan(args.tasks, args.draws, args.epochs, *(
        tuple(o for o in args.cfg_options if o.startswith('model.') == model) for model in (True, False)))
    lanes = [lane for dataset in args.dataset for lane in plan.lanes(args.encoder, dataset, args.streams, args.seeds)]
    check_results(args, plan)
    left = [[step for step in lane if not (args.out / step.name / 'result.json').exists()] for lane in lanes]
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
            write_baselines(args.out, plan, lane)
        runs = run_steps(args, left)
    report(args)
    if runs.stopped:
        print('interrupted: run the same command again to continue', file=sys.stderr)
        return INTERRUPTED
    if not runs.failed:
        print(what_next(args.out, lanes[0]))
    return int(runs.failed)
