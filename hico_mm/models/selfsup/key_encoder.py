"""The key twin of MoCo."""

from typing import List

import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor, nn


class KeyEncoder(ExponentialMovingAverage):
    """Moving average of the query encoder's weights, key <- (1 - momentum) * key + momentum * query.

    The first update (``steps == 0``) copies the query, however its weights came about. Unlike in mmengine's average,
    buffers (the running statistics of batch norm) stay the twin's own, as in MoCo, and a step is one call for all
    weights.

    Args:
        model: The query encoder to make a twin of.
        momentum: mmengine's momentum, 1 - m in MoCo's terms. Defaults to 0.001.
    """

    def __init__(self, model: nn.Module, momentum: float = 0.001) -> None:
        super().__init__(model, momentum=momentum)

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move the twin's weights towards those of the query encoder ``model``."""
        if self.steps == 0:
            self.module.load_state_dict(model.state_dict())
        else:
            key: List[Tensor] = list(self.module.parameters())
            torch._foreach_lerp_(key, list(model.parameters()), self.momentum)
        self.steps += 1
