"""Save checkpoints by time where epochs are short."""

import time
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ...errors import check_number
from ..loops import ResumableTrainLoop


@HOOKS.register_module()
class TimedCheckpointHook(CheckpointHook):
    """MMEngine's hook, but after most epochs it only saves if the last checkpoint is older than ``seconds``.

    It always saves after the last epoch and before the validations of a pretraining or finetuning run. With an
    ``interval`` above 1, it saves after each of its multiples, as MMEngine's hook does. With epochs of
    half a second, saving after each one would take longer than the training.

    Args:
        seconds: Age of the last checkpoint in seconds from which the next is saved; 0 saves after every epoch.
            Defaults to 30.
        **kwargs: Arguments of MMEngine's hook.
    """

    def __init__(self, seconds: float = 30, **kwargs: Any) -> None:
        check_number(seconds, 'seconds', least=0)
        super().__init__(**kwargs)
        self.seconds = seconds
        self._saved = time.monotonic()

    def before_train(self, runner: Runner) -> None:
        """Begin to measure the time."""
        super().before_train(runner)
        self._saved = time.monotonic()

    def after_train_epoch(self, runner: Runner) -> None:
        """Save the epoch if it is due, in all processes or in none."""
        loop = runner.train_loop
        validated = isinstance(loop, ResumableTrainLoop) and loop.is_validated(runner.epoch + 1)
        due = torch.tensor(int(time.monotonic() - self._saved >= self.seconds))
        dist.broadcast(due)
        if due or validated or self.interval > 1 or self.is_last_train_epoch(runner):
            super().after_train_epoch(runner)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        super()._save_checkpoint_with_step(runner, step, meta)
        self._saved = time.monotonic()
