"""A ring buffer of keys."""

from typing import Optional

import torch
import torch.nn.functional as F
from mmengine import dist
from torch import Tensor, nn


class FeatureQueue(nn.Module):
    """First-in-first-out queue of unit-length keys; saved with the model.

    Args:
        length: Keys the queue holds.
        dim: Size D of a key.
        active: Places that are ever written to. The released code's clip and part queues wrap at K although they
            hold L * K keys, so the rest stays random for ever: ``active=K`` reproduces that. Defaults to None, which
            is ``length``.

    Raises:
        ValueError: if ``active`` is not within 1..length.
    """

    features: Tensor
    pointer: Tensor

    def __init__(self, length: int, dim: int, active: Optional[int] = None) -> None:
        super().__init__()
        self.active = length if active is None else active
        if not 1 <= self.active <= length:
            raise ValueError(f'active must lie within 1..{length}, the length of the queue, got {self.active}')
        self.register_buffer('features', F.normalize(torch.randn(length, dim), dim=1))
        self.register_buffer('pointer', torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Store keys (n, D) of all ranks, in order of rank, over the oldest. Of more than ``active`` the last stay."""
        keys = torch.cat(dist.all_gather(keys.detach().to(self.features.dtype).contiguous()))
        places = (self.pointer + torch.arange(len(keys), device=keys.device)) % self.active
        self.features[places[-self.active:]] = keys[-self.active:]
        self.pointer.copy_((self.pointer + len(keys)) % self.active)
