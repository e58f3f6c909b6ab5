"""Collect the losses of the log without waiting for the GPU in each step."""

from typing import Any, List, NamedTuple, Optional

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor


class _Pending(NamedTuple):
    """Values of a step, on their way to the CPU; ``copied`` is the event after which they are there."""

    names: List[str]
    values: Tensor
    copied: Any


@HOOKS.register_module()
class AsyncRuntimeInfoHook(RuntimeInfoHook):
    """MMEngine's hook, but losses on a GPU are read only when they are needed: for the log and for checkpoints.

    MMEngine's own reads each loss after each step. The GPU is then idle until the next step has been prepared.
    """

    def __init__(self) -> None:
        self._pending: List[_Pending] = []
        self._interval = 1

    def before_train(self, runner: Runner) -> None:
        """Find out how often losses are logged."""
        super().before_train(runner)
        self._interval = min((hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)), default=1)

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Start to copy the values of this step, and read those of the last steps before they are logged."""
        on_gpu = {name: value for name, value in (outputs or {}).items()
                  if isinstance(value, Tensor) and value.is_cuda and value.numel() == 1}
        if outputs:
            rest = {name: value for name, value in outputs.items() if name not in on_gpu}
            super().after_train_iter(runner, batch_idx, data_batch, rest)
        if on_gpu:
            self._pending.append(self._copied(on_gpu))
        if self.every_n_inner_iters(batch_idx, self._interval) or \
                self.end_of_epoch(runner.train_dataloader, batch_idx):
            self._read(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Read all values, since a checkpoint contains the log. This hook precedes those that save."""
        if self._pending:
            self._read(runner)
            checkpoint['message_hub'] = runner.message_hub.state_dict()

    @staticmethod
    def _copied(values: dict) -> _Pending:
        stacked = torch.stack([value.detach().float().reshape(()) for value in values.values()])
        copy = torch.empty(stacked.shape, pin_memory=True)
        copy.copy_(stacked, non_blocking=True)
        event = torch.cuda.Event()
        event.record()
        return _Pending(list(values), copy, event)

    def _read(self, runner: Runner) -> None:
        for names, values, copied in self._pending:
            copied.synchronize()
            for name, value in zip(names, values.tolist()):
                runner.message_hub.update_scalar(f'train/{name}', value)
        self._pending = []
