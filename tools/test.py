"""Test a checkpoint by a config: classification or k-NN retrieval."""

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

import hico_mm  # noqa: F401
from hico_mm.utils import build_runner


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint; "none" tests the model with its initial weights')
    parser.add_argument('--work-dir', help='folder for logs; default: work_dirs/<name of the config>')
    parser.add_argument('--dump', metavar='OUT.pkl', help='write the predictions to this pickle')
    parser.add_argument('--seed', type=int, help='random seed, which matters for initial weights only')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value pairs to change in the config')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.checkpoint != 'none' and not Path(args.checkpoint).is_file():
        parser.error(f'checkpoint {args.checkpoint} does not exist')
    if args.dump and not args.dump.endswith(('.pkl', '.pickle')):
        parser.error(f'--dump writes a pickle, so {args.dump} must end with .pkl')
    return args


def apply_args(config: Config, args: argparse.Namespace) -> Config:
    """The config with what the command line changes in it."""
    if args.work_dir:
        config.work_dir = args.work_dir
    if args.cfg_options:
        config.merge_from_dict(args.cfg_options)
    if args.seed is not None:
        config.randomness = dict(seed=args.seed)
    config.load_from = None if args.checkpoint == 'none' else args.checkpoint
    config.resume = False
    if args.dump:
        evaluators = config.test_evaluator if isinstance(config.test_evaluator, list) else [config.test_evaluator]
        config.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=args.dump)]
    return config


def main() -> None:
    """Test."""
    args = parse_args()
    config = apply_args(Config.fromfile(args.config), args)
    build_runner(config, Path(args.config).stem, args.launcher).test()


if __name__ == '__main__':
    main()
