"""Test a checkpoint with a config: classification or k-NN retrieval.

    hico-mm test hico_nwucla_knn work_dirs/hico_gru_nwucla/epoch_451.pth
    hico-mm test hico_nwucla_linear work_dirs/hico_nwucla_linear/epoch_80.pth --dump joint.pkl

The encoder comes from the checkpoint; the config defines the data.
"""

import argparse
import os
from typing import Optional, Sequence

from .command import command, command_parser, seed
from .config import add_config, add_config_arguments, add_launcher_arguments, add_log_argument, check_contradictions


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('test', __doc__)
    add_config(parser)
    parser.add_argument('checkpoint', help='checkpoint; or a pretraining config (.py) to use its untrained encoder; '
                        'or "none" to use the initial weights of the model in the config')
    parser.add_argument('--work-dir', help='folder for logs; default: work_dirs/<name of the config>')
    parser.add_argument('--dump', metavar='OUT.pkl', help='write the predictions to this pickle')
    parser.add_argument('--amp', action='store_true', help='encode with mixed precision')
    parser.add_argument('--seed', type=seed, help='random seed; it only matters for initial weights')
    add_log_argument(parser)
    add_config_arguments(parser)
    add_launcher_arguments(parser)
    parser.add_argument('--verbose', action='store_true',
                        help='print the full log, which is also in the work directory')
    args = parser.parse_args(argv)
    if args.verbose:
        os.environ['HICO_MM_VERBOSE'] = '1'
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    check_contradictions(parser, args, work_dir='work_dir', seed='randomness.seed', launcher='launcher')
    if args.dump and not args.dump.endswith(('.pkl', '.pickle')):
        parser.error(f'--dump writes a pickle, so {args.dump} must end with .pkl')
    return args


def run(args: argparse.Namespace) -> int:
    """Test the checkpoint, and return the exit status."""
    from ..engine.testing import test

    return test(args)


main = command(parse_args, run)
