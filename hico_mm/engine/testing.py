"""Test a checkpoint as a command line asks."""

import argparse
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import master_only

from ..checkpoints import EncoderSource, leaves_encoder_out, take_encoder_into, takes_encoder
from ..errors import UserError
from ..fileio import check_not_read, check_writable
from ..shipped import find_checkpoint
from ..wiring import check_parts, check_spelling, complete_config, load_config, run_name
from .console import QuietRunner, say_tested
from .half_precision import half_precision
from .launch import build_runner
from .log_backends import add_backends


class TestRunner(QuietRunner):
    """Runner of a test. It writes its config beside its log: the one in the work directory may be a training's."""

    __test__ = False  # for pytest, which it is no test of

    @master_only
    def dump_config(self) -> None:
        """Write the config to the folder of the log."""
        self.cfg.dump(Path(self.log_dir, Path(self.cfg.filename or f'{self.timestamp}.py').name))


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
        config.load_from = None if source.checkpoint is None else str(find_checkpoint(args.checkpoint))
    if args.dump:
        evaluators = config.test_evaluator if isinstance(config.test_evaluator, list) else [config.test_evaluator]
        config.test_evaluator = [*evaluators, dict(type='DumpPredictions', out_file_path=str(Path(args.dump)))]
    add_backends(config, args.log_to, f'test of {run_name(args.config, args.fragments)}')
    complete_config(config)
    check_spelling(config, args.config)
    return config


def test(args: argparse.Namespace) -> int:
    """Run the test of a command line and return the exit status."""
    config = make_config(args)
    if args.dump:
        files = (config[loader].dataset.get('ann_file') for loader in ('train_dataloader', 'test_dataloader')
                 if config.get(loader))
        check_not_read(args.dump, args.checkpoint, *(file for file in files if file))
        check_writable(args.dump)
    runner = build_runner(config, run_name(args.config, args.fragments), args.launcher, TestRunner)
    with half_precision(args.amp):
        scores = runner.test()
    say_tested(runner, scores)
    return 0
