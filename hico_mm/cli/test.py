"""Test a checkpoint with a config: classification or k-NN retrieval.

    hico-mm test hico_nwucla_knn work_dirs/hico_gru_nwucla/epoch_451.pth
    hico-mm test hico_nwucla_linear work_dirs/hico_nwucla_linear/epoch_80.pth --dump joint.pkl

The encoder comes from the checkpoint; the config defines the data.
"""

import argparse
import os
from pathlib import Path
from typing import Optional, Sequence

from mmengine.config import Config

from ..checkpoints import EncoderSource, leaves_encoder_out, take_encoder_into, takes_encoder
from ..engine.launch import build_runner
from ..errors import UserError
from ..fileio import check_writable
from ..wiring import check_spelling, complete_config
from .command import command_parser, one_line_errors, seed
from .config import add_config, add_config_arguments, add_launcher_arguments, check_parts, load_config, run_name


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('test', __doc__)
    add_config(parser)
    parser.add_argument('checkpoint', help='checkpoint; or a pretraining config (.py) to use its untrained encoder; '
                        'or "none" to use the initial weights of the model in the config')
    parser.add_argument('--work-dir', help='folder for logs; default: work_dirs/<name of the config>')
    parser.add_argument('--dump', metavar='OUT.pkl', help='write the predictions to this pickle')
    parser.add_argument('--seed', type=seed, help='random seed; it only matters for initial weights')
    add_config_arguments(parser)
    add_launcher_arguments(parser)
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.dump and not args.dump.endswith(('.pkl', '.pickle')):
        parser.error(f'--dump writes a pickle, so {args.dump} must end with .pkl')
    return args


def make_config(args: argparse.Namespace) -> Config:
    """Return the completed config of the test, with the changes from the command line.

    Raises:
        UserError: if the checkpoint does not exist, or the config contradicts it.
    """
    config = load_config(args.config, args.fragments, args.cfg_options)
    check_parts(config, args.config, 'model', 'test_dataloader', 'test_cfg', 'test_evaluator')
    if args.work_dir:
        config.work_dir = args.work_dir
    if args.seed is not None:
        config.randomness = dict(config.get('randomness', {}), seed=args.seed)
    for other in (config.get('load_from'), config.model.pop('pretrained', None)):
        if other not in (None, args.checkpoint):
            raise UserError(f'the config names {other}, but the command line names {args.checkpoint}: give only one')
    config.resume, config.load_from = False, None
    if args.checkpoint == 'none':
        if leaves_encoder_out(config.model):
            raise UserError(f'{args.config} takes its encoder from a checkpoint, so with "none" its sizes are unknown: '
                            'give the pretraining config instead to use its untrained encoder')
    else:
        source = EncoderSource.open(args.checkpoint)
        if takes_encoder(config.model):
            take_encoder_into(config, source)
        config.load_from = None if source.checkpoint is None else args.checkpoint
    if args.dump:
        evaluators = config.test_evaluator if isinstance(config.test_evaluator, list) else [config.test_evaluator]
        config.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=str(Path(args.dump)))]
    complete_config(config)
    check_spelling(config, args.config)
    return config


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the test and return the exit status."""
    args = parse_args(argv)
    if args.dump:
        check_writable(args.dump)
    build_runner(make_config(args), run_name(args.config, args.fragments), args.launcher).test()
    return 0
