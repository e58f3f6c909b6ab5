"""Train by a config: pretraining, linear evaluation, finetuning."""

import argparse
import os
import sys
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.dist import is_main_process
from mmengine.runner import find_latest_checkpoint

import hico_mm  # noqa: F401
from hico_mm.utils import build_runner


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints; default: work_dirs/<name of the config>')
    parser.add_argument('--resume', nargs='?', const='auto',
                        help='go on from this checkpoint, or from the last one in the work directory')
    parser.add_argument('--pretrained', metavar='CKPT',
                        help='checkpoint to start from; "none" lets frozen parts keep their initial weights')
    parser.add_argument('--epochs', type=int,
                        help='train for so many epochs, the schedule scaled alike; a resumed run keeps its schedule')
    parser.add_argument('--amp', action='store_true', help='mixed precision (GPU)')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help="scale the learning rate with the batch of all processes over the config's base batch")
    parser.add_argument('--seed', type=int, help='random seed')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value pairs to change in the config')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.epochs is not None and args.epochs < 1:
        parser.error(f'--epochs must be at least 1, got {args.epochs}')
    if args.resume and args.pretrained:
        parser.error('--resume goes on with a run, --pretrained starts one: give one of them')
    if args.pretrained not in (None, 'none') and not Path(args.pretrained).is_file():
        parser.error(f'--pretrained {args.pretrained} does not exist')
    if args.amp and not torch.cuda.is_available():
        parser.error('--amp needs a GPU, and PyTorch sees none here: leave it out')
    return args


def apply_args(config: Config, args: argparse.Namespace) -> Config:
    """The config with what the command line changes in it."""
    config.work_dir = args.work_dir or config.get('work_dir')
    if args.amp:
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in config:
            raise ValueError(f'{args.config} has no auto_scale_lr to scale by: leave --auto-scale-lr out')
        config.auto_scale_lr.enable = True
    if args.resume:
        config.resume = True
        config.load_from = None if args.resume == 'auto' else args.resume
    if args.pretrained == 'none':
        config.default_hooks.checkpoint_guard.allow_untrained = True
        config.load_from = None
    elif args.pretrained:
        config.load_from = args.pretrained
    if args.seed is not None:
        config.randomness = dict(config.get('randomness', {}), seed=args.seed)
    config.merge_from_dict(args.cfg_options or {})
    if args.epochs:
        scale_schedule(config, args.epochs)
    return config


def scale_schedule(config: Config, epochs: int) -> None:
    """Make the schedule one of ``epochs`` epochs, its steps in proportion."""
    factor = epochs / config.train_cfg.max_epochs
    config.train_cfg.max_epochs = epochs
    if 'val_begin' in config.train_cfg:
        config.train_cfg.val_begin = min(config.train_cfg.val_begin, epochs)
    schedulers = config.get('param_scheduler') or []
    for scheduler in schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]:
        for key in {'milestones', 'begin', 'end', 'T_max'} & set(scheduler) if scheduler.get('by_epoch', True) else ():
            old = scheduler[key]
            scheduler[key] = round(old * factor) if isinstance(old, int) else [round(place * factor) for place in old]


def main() -> int:
    """Train; returns the exit status."""
    args = parse_args()
    config = apply_args(Config.fromfile(args.config), args)
    if config.load_from and not args.resume and not Path(config.load_from).is_file():
        sys.exit(f'{config.load_from}, where {args.config} starts from, does not exist: give --pretrained CKPT')
    try:
        build_runner(config, Path(args.config).stem, args.launcher).train()
    except KeyboardInterrupt:
        if is_main_process():
            print(f'\ninterrupted; {how_to_go_on(config.work_dir, bool(args.pretrained))}', file=sys.stderr)
        return 130
    return 0


def how_to_go_on(work_dir: str, pretrained: bool) -> str:
    """What to do after an interruption, of a run that was started with ``--pretrained`` or not."""
    if not (Path(work_dir) / 'last_checkpoint').is_file():
        return f'there is no checkpoint in {work_dir} yet: run the same command again'
    last = Path(find_latest_checkpoint(work_dir) or '').name
    return (f'the last checkpoint is {last} in {work_dir}: to go on from there, run the same command with --resume'
            + (' in place of --pretrained' if pretrained else ''))


if __name__ == '__main__':
    sys.exit(main())
