"""Show the progress of a training in one line."""

import time
from datetime import timedelta
from typing import Any, Dict, Optional

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..console import ProgressLine, counts_epochs, in_words

WINDOW = 20  # steps over which losses are averaged


@HOOKS.register_module()
class ProgressHook(Hook):
    """Show the epoch, loss, contrast accuracy, the last validation and the time left, in the first process.

    On a terminal, this is one line that changes. Elsewhere, a line is printed every 30 seconds. A training for a number
    of steps shows the step in place of the epoch.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self._line = ProgressLine()
        self._shown, self._scores = 0.0, ''

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Show the line, if the last one is old enough."""
        if is_main_process() and time.monotonic() - self._shown >= self._line.seconds:
            self._show(runner, batch_idx + 1)

    def before_val_epoch(self, runner: Runner) -> None:
        """Make room for the progress of the validation."""
        if is_main_process():
            self._line.clear()

    def after_val_epoch(self, runner: Runner, metrics: Optional[Dict[str, float]] = None) -> None:
        """Remember the scores."""
        self._scores = in_words(runner, metrics or {}, 'acc/top5', 'acc/mean1', 'acc/best_top1')

    def after_train(self, runner: Runner) -> None:
        """Remove the line."""
        if is_main_process():
            self._line.clear()

    def _show(self, runner: Runner, step: int) -> None:
        hub, loop = runner.message_hub, runner.train_loop
        found = {name: hub.get_scalar(f'train/{key}').mean(WINDOW) for key, name in (
            ('loss', 'loss {:.3g}'), ('acc_instance', 'contrast accuracy {:.2f}')) if f'train/{key}' in hub.log_scalars}
        place = f'epoch {runner.epoch + 1}/{loop.max_epochs}, step {step}/{len(loop.dataloader)}' if counts_epochs(
            runner) else f'step {step}/{loop.max_iters}'
        parts = [place, *(name.format(value) for name, value in found.items()),
                 *([f'last validation: {self._scores}'] if self._scores else []),
                 *([f'{timedelta(seconds=int(hub.get_info("eta")))} left'] if hub.get_info('eta') else [])]
        self._line.show('; '.join(parts))
        self._shown = time.monotonic()
