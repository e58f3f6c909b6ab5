"""Train with a config: pretraining, linear evaluation or finetuning.

    hico-mm train hico_gru_nwucla --seed 0
    hico-mm train hico_nwucla_linear --pretrained work_dirs/hico_gru_nwucla/epoch_451.pth

Except in pretraining, the encoder is taken from the checkpoint given by --pretrained.
"""

import argparse
import os
from typing import Optional, Sequence

from .command import command, command_parser, seed
from .config import add_config, add_config_arguments, add_launcher_arguments, add_log_argument, check_contradictions


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('train', __doc__)
    add_config(parser)
    parser.add_argument('--work-dir', help='folder for logs and checkpoints; default: work_dirs/<name of the config>')
    parser.add_argument('--resume', nargs='?', const='auto', metavar='CKPT',
                        help='resume from this checkpoint, or from the last one in the work directory; if there is '
                        'none, start from the beginning, or from --pretrained if that is given too')
    parser.add_argument('--pretrained', metavar='CKPT',
                        help='checkpoint to take the encoder from; or a pretraining config (.py) to use its untrained '
                        'encoder; or "none" to use the initial weights of the encoder in the config')
    parser.add_argument('--epochs', type=int,
                        help='train for this many epochs; the schedule is rescaled to match, and a minimum number of '
                        'steps in the config (train_cfg.min_steps) is ignored')
    parser.add_argument('--amp', action='store_true', help='mixed precision: bfloat16 on GPUs and processors that '
                        'have it, float16 on older GPUs')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help="scale the learning rate by the total batch size over the config's base batch size")
    parser.add_argument('--seed', type=seed, help='random seed')
    add_log_argument(parser)
    add_config_arguments(parser)
    add_launcher_arguments(parser)
    parser.add_argument('--verbose', action='store_true',
                        help='print the full log, which is also in the work directory')
    args = parser.parse_args(argv)
    if args.verbose:
        os.environ['HICO_MM_VERBOSE'] = '1'
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.epochs is not None and args.epochs < 1:
        parser.error(f'--epochs must be at least 1, got {args.epochs}')
    check_contradictions(parser, args, work_dir='work_dir', seed='randomness.seed', launcher='launcher')
    if args.epochs is not None and 'train_cfg.max_epochs' in args.cfg_options:
        parser.error('--epochs and train_cfg.max_epochs both set the length of the training: give only one of them')
    if args.resume not in (None, 'auto') and args.pretrained:
        parser.error('--resume CKPT continues a run, and --pretrained starts a new one: give only one of them')
    return args


def run(args: argparse.Namespace) -> int:
    """Train, and return the exit status."""
    from ..engine.training import train

    return train(args)


main = command(parse_args, run)
