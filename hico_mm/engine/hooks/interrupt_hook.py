"""Ctrl-C that is not lost."""

import os
import signal
import threading
from typing import Any, Optional

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class InterruptHook(Hook):
    """End training on Ctrl-C, after this step at the latest.

    Python drops a ``KeyboardInterrupt`` that is raised within a destructor, say of a data loader at the end of an
    epoch; here it is raised again. A terminal sends Ctrl-C to the workers of a data loader as well, and one that dies
    of it is taken for a crash; they inherit the handler, and leave ending to the process that trains. Training in
    another thread than the main one leaves Ctrl-C to that one, since no other may take a signal over.
    """

    def __init__(self) -> None:
        self._pressed, self._process = False, os.getpid()
        self._previous: Any = signal.default_int_handler

    def before_train(self, runner: Runner) -> None:
        """Take over Ctrl-C."""
        self._process = os.getpid()
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._press)

    def _press(self, number: int, frame: Any) -> None:
        if os.getpid() == self._process:
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
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._previous)
