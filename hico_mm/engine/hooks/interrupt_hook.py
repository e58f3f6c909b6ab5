"""Ctrl-C that is not lost."""

import signal
from typing import Any, Optional

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class InterruptHook(Hook):
    """End training on Ctrl-C, after this step at the latest.

    Python drops a ``KeyboardInterrupt`` that is raised within a destructor, say of a data loader at the end of an
    epoch; here it is raised again.
    """

    def __init__(self) -> None:
        self._pressed = False
        self._previous: Any = signal.default_int_handler

    def before_train(self, runner: Runner) -> None:
        """Take over Ctrl-C."""
        self._previous = signal.signal(signal.SIGINT, self._press)

    def _press(self, number: int, frame: Any) -> None:
        self._pressed = True
        raise KeyboardInterrupt

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """End training if Ctrl-C was pressed.

        Raises:
            KeyboardInterrupt: then.
        """
        if self._pressed:
            raise KeyboardInterrupt

    def after_train(self, runner: Runner) -> None:
        """Give Ctrl-C back."""
        signal.signal(signal.SIGINT, self._previous)
