"""Train as a command line asks."""

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Optional

from mmengine.config import Config
from mmengine.dist import barrier, is_main_process

from ..checkpoints import EncoderSource, check_same_source, leaves_encoder_out, take_encoder_into, takes_encoder
from ..checkpoints.resume import check_unfinished, epochs_of, find_last
from ..errors import INTERRUPTED, UserError
from ..shipped import find_checkpoint
from ..wiring import check_parts, check_spelling, complete_config, load_config, run_name, scale_schedule
from .console import is_verbose, say_trained
from .half_precision import use_half_precision
from .hooks import ProgressHook
from .launch import build_runner, check_same_start, check_steps
from .log_backends import add_backends
from .run_folder import begin_run, check_places, lock_folder, set_logs_aside


def make_config(args: argparse.Namespace) -> Config:
    """Return the config of the run with the changes from the command line. :func:`complete` completes it.

    Raises:
        UserError: if an option is invalid.
    """
    config = load_config(args.config, args.fragments, args.cfg_options)
    check_parts(config, args.config, 'model', 'train_dataloader', 'train_cfg', 'optim_wrapper')
    config.work_dir = args.work_dir or config.get('work_dir') or f'work_dirs/{run_name(args.config, args.fragments)}'
    if args.amp:
        use_half_precision(config)
    if args.auto_scale_lr:
        if not config.get('auto_scale_lr'):
            raise UserError(f'{args.config} has no auto_scale_lr with a base batch size: leave --auto-scale-lr out')
        config.auto_scale_lr.enable = True
    if args.seed is not None:
        config.randomness = dict(config.get('randomness', {}), seed=args.seed)
    if args.epochs:
        scale_schedule(config, args.epochs)
    add_backends(config, args.log_to, run_name(args.config, args.fragments))
    return config


def complete(config: Config, args: argparse.Namespace) -> None:
    """Complete a config with the weights it starts from, in place. The run's folder must be locked by this process.

    Raises:
        UserError: if it cannot start from those weights, or a checkpoint cannot be written.
    """
    check_places(config.work_dir)
    check_checkpoint_names(config)
    resume = args.resume or (config.get('load_from') or 'auto' if config.get('resume') else None)
    if resume:
        set_resume(config, resume, is_first(args.launcher))
    if args.pretrained and 'load_from' in args.cfg_options:
        raise UserError(f'--pretrained {args.pretrained} and load_from={args.cfg_options["load_from"]} both say where '
                        'training starts: give only one of them')
    set_encoder(config, args.pretrained, args.config)
    complete_config(config)
    check_spelling(config, args.config)
    if is_first(args.launcher) and not (config.get('resume') and resume == 'auto'):
        begin(config)


def check_checkpoint_names(config: Config) -> None:
    """Check that checkpoints are written where, and under the names by which, resuming looks for them.

    Raises:
        UserError: if they are not.
    """
    hook = config.get('default_hooks', {}).get('checkpoint') or {}
    for name in 'out_dir', 'filename_tmpl':
        if hook.get(name) not in (None, 'epoch_{}.pth', 'iter_{}.pth'):
            raise UserError(f'default_hooks.checkpoint.{name} is {hook[name]!r}, but --resume looks for epoch_N.pth '
                            'and iter_N.pth in the work directory: leave it out, and choose the folder with --work-dir')


def begin(config: Config) -> None:
    """Begin a new run in a folder, unless it goes on from the newest checkpoint there, and set earlier logs aside."""
    source = Path(config.load_from) if config.get('resume') else None
    newest = find_last(config.work_dir).path if source is not None else None
    if source is not None and newest is not None and newest.samefile(source):
        return
    if source is None or not source.parent.samefile(config.work_dir):
        set_logs_aside(config.work_dir)
    if begin_run(config.work_dir, source):
        print(f'note: {config.work_dir} has checkpoints of an earlier run: they will be overwritten one by one, '
              'and are only resumed from if --resume names one', file=sys.stderr)


def set_resume(config: Config, resume: str, speaks: bool = True) -> None:
    """Resume from a checkpoint, or from the newest intact one in the work directory, and print which one is used.

    Args:
        config: The config, changed in place.
        resume: The checkpoint, or 'auto' to look for it.
        speaks: Whether this process prints it. Defaults to True.

    Raises:
        UserError: if the named checkpoint does not exist or is damaged, or if there are checkpoints but none is usable.
    """
    if resume != 'auto':
        check_unfinished(resume, epochs_of(config))
        config.resume, config.load_from = True, resume
        return
    found = find_last(config.work_dir)
    if found.left_out and found.path is None:
        raise UserError(f'none of the {len(found.left_out)} checkpoint(s) in {config.work_dir} can be resumed from '
                        f'({found.left_out[0]}): give one with --resume CKPT, or start again without --resume')
    if speaks:
        for sentence in found.left_out:
            print(f'warning: skipped: {sentence}', file=sys.stderr)
        where = f'resuming from {found.path}' if found.path else (
            f'note: --resume found no checkpoint in {config.work_dir}, so training starts from the beginning')
        print(where, file=sys.stderr)
    if found.path:
        check_unfinished(str(found.path), epochs_of(config))
    start = None if config.get('resume') else config.get('load_from')  # where training starts if nothing is found
    config.resume, config.load_from = found.path is not None, str(found.path) if found.path else start


def is_first(launcher: str) -> bool:
    """Return whether this is the first process of a launcher, before the processes are connected."""
    rank = dict(pytorch='RANK', slurm='SLURM_PROCID', mpi='OMPI_COMM_WORLD_RANK').get(launcher)
    return rank is None or os.environ.get(rank, '0') == '0'


def set_encoder(config: Config, pretrained: Optional[str], path: str) -> None:
    """Give the model its encoder: from a checkpoint, untrained, or from the resumed run.

    Args:
        config: The config, changed in place.
        pretrained: Value of ``--pretrained``.
        path: Path of the config, for the messages.
    """
    other = config.model.pop('pretrained', None)
    if pretrained and other and pretrained != other:
        raise UserError(f'--pretrained {pretrained} and model.pretrained={other} differ: give only one of them')
    named = pretrained or other
    if named and config.get('resume'):  # a resumed run already has its encoder
        check_same_source(config.load_from, named)
        named = None
    if named == 'none':
        config.load_from = None
        _allow_untrained(config)
    if named not in (None, 'none'):
        _start_from(config, EncoderSource.open(named))
    elif leaves_encoder_out(config.model):
        _start_without(config, named, path)
    elif not config.get('resume') and config.get('load_from') and not Path(config.load_from).is_file():
        raise UserError(f'{config.load_from}, from which {path} starts, does not exist: give --pretrained CKPT')


def _start_from(config: Config, source: EncoderSource) -> None:
    """Start from a checkpoint, or from the untrained encoder of a config."""
    if takes_encoder(config.model):
        take_encoder_into(config, source)
    config.load_from = None if source.checkpoint is None else str(find_checkpoint(source.path))
    if source.checkpoint is None:
        _allow_untrained(config)


def _start_without(config: Config, named: Optional[str], path: str) -> None:
    """Give a model without an encoder the encoder of the resumed run.

    Raises:
        UserError: if no run is resumed; the message says what to do.
    """
    if named == 'none':
        raise UserError(f'{path} takes its encoder from a checkpoint, so with "none" its sizes are unknown: give the '
                        'pretraining config instead to use its untrained encoder')
    if not config.get('resume'):
        raise UserError(f'{path} takes its encoder from a checkpoint: give --pretrained CKPT, or --pretrained '
                        'CONFIG.py for the untrained encoder of a pretraining config')
    take_encoder_into(config, EncoderSource.open(config.load_from))


def _allow_untrained(config: Config) -> None:
    if 'frozen_weights' in config.get('default_hooks', {}):
        config.default_hooks.frozen_weights.allow_untrained = True


def train(args: argparse.Namespace) -> int:
    """Run the training of a command line and return the exit status."""
    config = make_config(args)
    try:
        with lock_folder(config.work_dir) if is_first(args.launcher) else nullcontext():
            complete(config, args)
            runner = build_runner(config, run_name(args.config, args.fragments), args.launcher)
            check_steps(runner)
            check_same_start(runner)
            if config.get('resume') and config.load_from and epochs_of(config) is None:
                check_unfinished(config.load_from, runner.max_epochs)
            if not is_verbose():
                runner.register_hook(ProgressHook())
            runner.train()
            say_trained(runner, run_name(args.config, args.fragments))
    except KeyboardInterrupt as interrupt:
        if is_main_process():
            print(f'\n{interrupt or "interrupted"}; {how_to_go_on(config.work_dir)}',
                  file=sys.stderr, flush=True)
        if getattr(interrupt, 'together', False):
            barrier()  # a launcher stops all processes when one exits, and this one may still be printing
        return getattr(interrupt, 'status', INTERRUPTED)
    return 0


def how_to_go_on(work_dir: str) -> str:
    """Return a sentence that says how to continue after an interruption."""
    last = find_last(work_dir).path
    if last is None:
        return f'there is no checkpoint in {work_dir} yet: run the same command again'
    return f'the last checkpoint is {last.name} in {work_dir}: to continue, run the same command with --resume'
