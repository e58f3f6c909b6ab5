"""Training that ends at the first loss that is not finite."""

from typing import Any, Dict, List, NamedTuple, Optional

import torch
from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ...errors import UserError


class Pending(NamedTuple):
    """A step whose losses are not checked yet; ``copied`` is the event after which the flags have reached the CPU."""

    step: int
    losses: Dict[str, Tensor]
    finite: Tensor
    batch: Any
    copied: Any = None


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """End training at the first loss that is NaN or infinite, before anything is saved, so that good checkpoints stay.

    On a CPU a step is checked at once. On a GPU its flag is copied while the next step runs, and read then, so that no
    step waits; it is always read before a checkpoint is saved. Gradients that overflow in half precision are the
    scaler's to skip: the loss itself stays finite.
    """

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self._pending: Optional[Pending] = None

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Check the losses of this step, or on a GPU those of the step before.

        Raises:
            UserError: naming step, level and clips.
        """
        losses = {name: value.detach() for name, value in (outputs or {}).items()
                  if 'loss' in name and isinstance(value, Tensor)}
        if 'loss' in losses:  # the sum last: the level is named first
            losses['loss'] = losses.pop('loss')
        if not losses:
            return
        finite = torch.stack([value.isfinite().all() for value in losses.values()])
        if dist.get_world_size() > 1:  # all end after the same step, and none saves what another has spoilt
            flags = finite.float()
            dist.all_reduce(flags, 'min')
            finite = flags > 0
        self._check()
        self._pending = self._copied(Pending(runner.iter + 1, losses, finite, data_batch))
        if not finite.is_cuda:
            self._check()

    def after_train_epoch(self, runner: Runner) -> None:
        """Check the last step, waiting for it."""
        self._check()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check the last step, waiting for it."""
        self._check()

    @staticmethod
    def _copied(pending: Pending) -> Pending:
        """Begin to copy the flags of a GPU."""
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
                            'training has ended')
        raise UserError(f'{name} of step {step} is {float(losses[name])}, so training has ended. The last checkpoint '
                        'is older, and good. Lower the learning rate, or look at the clips of the step: '
                        f'{", ".join(_names(batch)) or "not known"}')


def _names(batch: Any) -> List[str]:
    """The first names of the clips of a batch."""
    samples = batch.get('data_samples') if isinstance(batch, dict) else batch[1] if isinstance(batch, tuple) else None
    names = getattr(samples, 'names', None)
    if names is None:
        names = [sample.metainfo.get('frame_dir', '?') for sample in samples or [] if hasattr(sample, 'metainfo')]
    return [*map(str, names[:5]), *([f'and {len(names) - 5} more'] if len(names) > 5 else [])]
