"""What training and testing print: a line of progress and the result. The full log is in the work directory."""

import contextlib
import io
import logging
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Dict, Optional

from mmengine.dist import is_main_process
from mmengine.logging import MMLogger
from mmengine.runner import IterBasedTrainLoop, Runner

from ..models.heads import KNNHead
from ..models.unwrap import unwrap
from ..shipped import find_config
from .workers import stop_workers

VERBOSE = 'HICO_MM_VERBOSE'  # set in the environment: print the full log
NAMES = {'acc/top1': 'top-1', 'acc/top5': 'top-5', 'acc/mean1': 'mean class accuracy', 'acc/knn': 'k-NN',
         'acc/best_top1': 'best epoch'}
OF_NO_USE = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')  # warnings about MMEngine itself


def is_verbose() -> bool:
    """Return whether the full log is printed."""
    return bool(os.environ.get(VERBOSE))


class QuietRunner(Runner):
    """MMEngine's runner for commands. The console only shows warnings, unless the full log is asked for.

    Stops the workers of the data loaders when training or testing ends.
    """

    def setup_env(self, env_cfg: dict) -> None:
        """Set up the environment, after waiting for a second in which no other run of this process began.

        MMEngine names a run, its log and the folder of its log after that second, and runs of one process that have the
        same name share their log.
        """
        while self._is_taken(time.strftime('%Y%m%d_%H%M%S')):
            time.sleep(0.05)
        super().setup_env(env_cfg)

    def _is_taken(self, second: str) -> bool:
        name = self.cfg.get('experiment_name') or Path(self.cfg.filename or '').stem
        known = MMLogger.check_instance_created(f'{name}_{second}' if name else second)
        return known or Path(self.work_dir, second).exists()

    def train(self) -> Any:
        """Train, then stop the workers."""
        try:
            return super().train()
        finally:
            stop_workers(self)

    def test(self) -> Any:
        """Test, then stop the workers."""
        try:
            return super().test()
        finally:
            stop_workers(self)

    def build_logger(self, *args: Any, **kwargs: Any) -> Any:
        """Build MMEngine's logger; its file gets everything."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not is_verbose() and not isinstance(handler, logging.FileHandler):
                handler.setLevel(max(handler.level, logging.WARNING))
                handler.addFilter(lambda record: not record.getMessage().startswith(OF_NO_USE))
        return logger

    def load_checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        """Load without MMEngine's lists of keys; CheckpointFitHook says what does not fit."""
        with contextlib.nullcontext() if is_verbose() else contextlib.redirect_stdout(io.StringIO()):
            return super().load_checkpoint(*args, **kwargs)


class ProgressLine:
    """A line that is overwritten on a terminal; elsewhere, lines are printed one below the other."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        """How long a line should stay."""
        return 0.5 if self._terminal else 30

    def show(self, text: str) -> None:
        """Show a line."""
        if self._terminal:
            width = shutil.get_terminal_size().columns
            print(f'\r\033[K{text[:width - 1]}', end='', file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line from a terminal."""
        if self._terminal:
            print('\r\033[K', end='', file=sys.stderr, flush=True)


def counts_epochs(runner: Runner) -> bool:
    """Return whether a training ends after a number of epochs, and not after a number of steps."""
    return not isinstance(runner.train_loop, IterBasedTrainLoop)


def in_words(runner: Runner, scores: Dict[str, Any], *left_out: str) -> str:
    """Return scores as text, such as 'top-1 85.3 %'; the scores of retrieval are called k-NN."""
    retrieval = isinstance(getattr(unwrap(runner.model), 'cls_head', None), KNNHead)
    names = {**NAMES, 'acc/top1': 'k-NN'} if retrieval else NAMES
    return ', '.join(f'{name} {100 * scores[key]:.1f} %' for key, name in names.items()
                     if key in scores and key not in left_out)


def last_scores(runner: Runner, prefix: str) -> Dict[str, float]:
    """Return the scores of the last validation or test, which the runner logged with a prefix such as 'val/'."""
    scalars = runner.message_hub.log_scalars
    return {key: float(scalars[prefix + key].current()) for key in NAMES if prefix + key in scalars}


def say_trained(runner: Runner, config_name: str) -> None:
    """Print what came out of a training, where it is, and what to do next."""
    if not is_main_process() or is_verbose():
        return
    checkpoint, scores = runner.message_hub.get_info('last_ckpt'), in_words(runner, last_scores(runner, 'val/'))
    number, unit = (runner.epoch, 'epoch') if counts_epochs(runner) else (runner.iter, 'step')
    print(f'trained {number} {unit}{"" if number == 1 else "s"}' + (f'; last validation: {scores}' if scores else ''))
    if checkpoint:
        print(f'checkpoint: {checkpoint}')
    print(f'log: {Path(runner.log_dir) / (runner.timestamp + ".log")}')
    if checkpoint:
        print(f'next: {next_command(config_name, checkpoint)}')


def next_command(config_name: str, checkpoint: str) -> str:
    """Return the command that most users run after a training: linear evaluation, or a test."""
    dataset = config_name.split('_', 2)[-1]
    linear = f'hico_{dataset}_linear'
    if config_name.startswith('hico_') and find_config(linear).is_file():
        return f'hico-mm train {linear} --pretrained {checkpoint}'
    if config_name.endswith(('_linear', '_finetune')) and find_config(config_name).is_file():
        return f'hico-mm test {config_name} {checkpoint}'
    return f'hico-mm info {checkpoint}'


def say_tested(runner: Runner, scores: Optional[Dict[str, float]]) -> None:
    """Print the scores of a test, and where the log is."""
    if not is_main_process() or is_verbose():
        return
    clips = len(runner.test_dataloader.dataset)
    print(f'{in_words(runner, scores or {}) or "no scores"} ({clips} clips)')
    print(f'log: {Path(runner.log_dir) / (runner.timestamp + ".log")}')
