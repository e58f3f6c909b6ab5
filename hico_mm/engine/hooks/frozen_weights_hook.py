"""Check that frozen weights do not change."""

from typing import Any, Dict

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ...checkpoints import origin_of
from ...errors import UserError
from ...models.unwrap import unwrap


@HOOKS.register_module()
class FrozenWeightsHook(Hook):
    """Check that frozen parts got their weights from a checkpoint, and that training does not change them.

    Args:
        allow_untrained: Whether frozen parts may keep their initial weights, to measure an untrained encoder.
            Defaults to False.
    """

    def __init__(self, allow_untrained: bool = False) -> None:
        self.allow_untrained = allow_untrained
        self._before: Dict[str, Tensor] = {}

    def before_train(self, runner: Runner) -> None:
        """Store a copy of the frozen weights.

        Raises:
            UserError: if they are untrained.
        """
        model = unwrap(runner.model)
        self._before = {name: weight.cpu().clone() for name, weight in _frozen_weights(model).items()}
        loaded = origin_of(model) is not None or runner._resume
        if self._before and not loaded and not self.allow_untrained:
            raise UserError(f'{list(model.frozen)} are frozen, but no checkpoint was loaded: give --pretrained CKPT, '
                            'or --pretrained CONFIG.py to measure the untrained encoder of a pretraining config')

    def after_train(self, runner: Runner) -> None:
        """Compare the frozen weights with those at the start.

        Raises:
            RuntimeError: if one has changed.
        """
        now = _frozen_weights(unwrap(runner.model))
        moved = [name for name, weight in self._before.items() if not torch.equal(weight, now[name].cpu())]
        if moved:
            raise RuntimeError(f'{len(moved)} frozen weights have changed during training, for example {moved[0]}')


def _frozen_weights(model: Any) -> Dict[str, Tensor]:
    """Return the weights of the frozen parts; MMAction2's own recognizers have none."""
    frozen = getattr(model, 'frozen', ())
    return {name: weight.detach() for name, weight in model.state_dict().items() if name.split('.')[0] in frozen}
