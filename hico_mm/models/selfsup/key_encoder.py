"""The key encoder of MoCo."""

from typing import List

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

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move the key encoder's weights towards those of the query encoder ``model``."""
        if self.steps == 0:
            self.module.load_state_dict(model.state_dict())
        else:
            key: List[Tensor] = list(self.module.parameters())
            torch._foreach_lerp_(key, list(model.parameters()), self.momentum)
        self.steps += 1
