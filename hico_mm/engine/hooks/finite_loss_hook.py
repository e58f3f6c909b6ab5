"""Stop training at the first loss that is not finite."""

from typing import Any, Dict, List, NamedTuple, Optional

import torch
from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ...errors import UserError


class Pending(NamedTuple):
    """A step whose losses are not yet checked; ``copied`` is the event after which the flags are on the CPU."""

    step: int
    losses: Dict[str, Tensor]
    finite: Tensor
    batch: Any
    copied: Any = None


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stop training at the first NaN or infinite loss, before anything is saved, so that good checkpoints are kept.

    On a CPU, a step is checked at once. On a GPU, its flag is copied while the next step runs and read afterwards, so
    that no step waits. It is always read before a checkpoint is saved. Gradients that overflow in half precision are
    skipped by the gradient scaler, since the loss itself stays finite.
    """

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self._pending: Optional[Pending] = None

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Check the losses of this step, or of the previous step on a GPU.

        Raises:
            UserError: if a loss is not finite; the message names the step, the level and the clips.
        """
        losses = {name: value.detach() for name, value in (outputs or {}).items()
                  if 'loss' in name and isinstance(value, Tensor)}
        if 'loss' in losses:  # put the sum last, so that the level is named first
            losses['loss'] = losses.pop('loss')
        if not losses:
            return
        finite = torch.stack([value.isfinite().all() for value in losses.values()])
        if dist.get_world_size() > 1:  # all processes stop after the same step, and none saves damaged weights
            flags = finite.float()
            dist.all_reduce(flags, 'min')
            finite = flags > 0
        self._check()
        self._pending = self._copied(Pending(runner.iter + 1, losses, finite, data_batch))
        if not finite.is_cuda:
            self._check()

    def after_train_epoch(self, runner: Runner) -> None:
        """Wait for the last step and check it."""
        self._check()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Wait for the last step and check it."""
        self._check()

    @staticmethod
    def _copied(pending: Pending) -> Pending:
        """Start to copy the flags from a GPU."""
        if not pending.finite.is_cuda:
            return pending
        flags = torch.empty(pending.finite.shape, dtype=torch.bool, pin_memory=True)
        flags.copy_(pending.finite, non_blocking=True)
        event = torch.cuda.Event()
        event.record()
        return pending._replace(finite=flags, copied=event)

    def _check(self) -> None:
        if self._pending is None:
            return
        (step, losses, finite, batch, copied), self._pending = self._pending, None
        if copied is not None:
            copied.synchronize()
        if bool(finite.all()):
            return
        name = list(losses)[int((~finite).int().argmax())]
        if losses[name].isfinite().all():
            raise UserError(f'{name} of step {step} is not finite in another process, which names its clips, so '
                            'training was stopped')
        raise UserError(f'{name} of step {step} is {float(losses[name])}, so training was stopped. The last checkpoint '
                        'is older and not affected. Lower the learning rate, or check the clips of this step: '
                        f'{", ".join(_names(batch)) or "not known"}')


def _names(batch: Any) -> List[str]:
    """Return the first clip names of a batch."""
    samples = batch.get('data_samples') if isinstance(batch, dict) else batch[1] if isinstance(batch, tuple) else None
    names = getattr(samples, 'names', None)
    if names is None:
        names = [sample.metainfo.get('frame_dir', '?') for sample in samples or [] if hasattr(sample, 'metainfo')]
    return [*map(str, names[:5]), *([f'and {len(names) - 5} more'] if len(names) > 5 else [])]
