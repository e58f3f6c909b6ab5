"""A ring buffer of keys."""

from typing import Optional

import torch
import torch.nn.functional as F
from mmengine import dist
from torch import Tensor, nn

from ...errors import UserError


class FeatureQueue(nn.Module):
    """First-in-first-out queue of unit-length keys. It is saved with the model.

    Args:
        length: Number of keys in the queue.
        dim: Size D of a key.
        wrap_at: Number of slots after which writing restarts at the first one. In the released code, the clip and part
            queues wrap at K although they have L * K slots, so the other slots stay random forever; ``wrap_at=K``
            reproduces this. Defaults to None, which means ``length``.

    Raises:
        UserError: if ``wrap_at`` is not within 1..length.
    """

    features: Tensor
    pointer: Tensor

    def __init__(self, length: int, dim: int, wrap_at: Optional[int] = None) -> None:
        super().__init__()
        self.wrap_at = length if wrap_at is None else wrap_at
        if not isinstance(self.wrap_at, int) or not 1 <= self.wrap_at <= length:
            raise UserError(f'wrap_at must be from 1 to {length}, the length of the queue, got {self.wrap_at}')
        self.register_buffer('features', F.normalize(torch.randn(length, dim), dim=1))
        self.register_buffer('pointer', torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Store the keys (n, D) of all ranks in rank order, replacing the oldest keys.

        If there are more keys than slots, only the last are kept.

        Keys that are not finite are not stored, since they would make every loss non-finite until overwritten.
        """
        keys = torch.cat(dist.all_gather(keys.detach().to(self.features.dtype).contiguous()))
        places = (self.pointer + torch.arange(len(keys), device=keys.device)) % self.wrap_at
        self.pointer.copy_((self.pointer + len(keys)) % self.wrap_at)
        places, keys = places[-self.wrap_at:], keys[-self.wrap_at:]
        finite = keys.isfinite().all(1, keepdim=True)
        self.features[places] = torch.where(finite, keys, self.features[places])
