"""A ring buffer of keys."""

from typing import Optional

import torch
import torch.nn.functional as F
from mmengine import dist
from torch import Tensor, nn

from ...errors import UserError


class FeatureQueue(nn.Module):
    """First-in-first-out queue of unit-length keys; saved with the model.

    Args:
        length: Keys the queue holds.
        dim: Size D of a key.
        wrap_at: Number of places after which writing starts again at the first. The released code's clip and part
            queues wrap at K although they hold L * K keys, so the rest stays random for ever; ``wrap_at=K`` reproduces
            that. Defaults to None, which is ``length``.

    Raises:
        UserError: if ``wrap_at`` is not within 1..length.
    """

    features: Tensor
    pointer: Tensor

    def __init__(self, length: int, dim: int, wrap_at: Optional[int] = None) -> None:
        super().__init__()
        self.wrap_at = length if wrap_at is None else wrap_at
        if not isinstance(self.wrap_at, int) or not 1 <= self.wrap_at <= length:
            raise UserError(f'wrap_at must lie within 1..{length}, the length of the queue, got {self.wrap_at}')
        self.register_buffer('features', F.normalize(torch.randn(length, dim), dim=1))
        self.register_buffer('pointer', torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Store keys (n, D) of all ranks, in order of rank, over the oldest; of too many the last are kept.

        A key that is not finite is not stored, since it would spoil every loss until it is overwritten.
        """
        keys = torch.cat(dist.all_gather(keys.detach().to(self.features.dtype).contiguous()))
        places = (self.pointer + torch.arange(len(keys), device=keys.device)) % self.wrap_at
        self.pointer.copy_((self.pointer + len(keys)) % self.wrap_at)
        places, keys = places[-self.wrap_at:], keys[-self.wrap_at:]
        finite = keys.isfinite().all(1, keepdim=True)
        self.features[places] = torch.where(finite, keys, self.features[places])
