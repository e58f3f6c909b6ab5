"""The key encoder of MoCo."""

from typing import List, Optional

import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor, nn


class KeyEncoder(ExponentialMovingAverage):
    """Moving average of the query encoder's weights, key <- (1 - momentum) * key + momentum * query.

    The first update (``steps == 0``) copies the query encoder, whatever the origin of its weights. Unlike mmengine's
    average, the key encoder keeps its own buffers (the running statistics of batch norm), as in MoCo, and updates all
    weights in one call.

    Args:
        model: The query encoder to copy.
        momentum: mmengine's momentum, 1 - m in MoCo's notation. Defaults to 0.001.
    """

    def __init__(self, model: nn.Module, momentum: float = 0.001) -> None:
        super().__init__(model, momentum=momentum)
        self._started: Optional[bool] = None
        self.register_load_state_dict_post_hook(self._forget)

    @staticmethod
    def _forget(module: 'KeyEncoder', keys: object) -> None:
        module._started = None

    def start(self, model: nn.Module) -> None:
        """Copy the query encoder ``model``, unless there was an update already."""
        if self._started is None:  # remembered, since reading the number of steps waits for a GPU
            self._started = bool(self.steps)
        if not self._started:
            self.module.load_state_dict(model.state_dict())
            self._started = True

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move the key encoder's weights towards those of the query encoder ``model``."""
        self.start(model)
        key: List[Tensor] = list(self.module.parameters())
        torch._foreach_lerp_(key, list(model.parameters()), self.momentum)
        self.steps += 1
