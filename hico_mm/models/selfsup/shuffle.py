"""Shuffling batch norm of MoCo, section 3.3: the batches of all processes, dealt out anew among them."""

from typing import Callable, Dict, NamedTuple

import torch
from mmengine import dist
from torch import Tensor


class BatchShuffle(NamedTuple):
    """A permutation of the samples of all ranks.

    Args:
        order: (ranks * N, ), on every rank the same: place i gets sample ``order[i]``, both counted through the ranks.
    """

    order: Tensor

    @classmethod
    def draw(cls, size: int, device: torch.device) -> 'BatchShuffle':
        """Draw a permutation of ranks batches of ``size``; rank 0's, from torch's CPU generator."""
        order = torch.randperm(size * dist.get_world_size()).to(device)
        dist.broadcast(order)
        return cls(order)

    def apply(self, x: Tensor) -> Tensor:
        """Own batch (N, ...) -> the samples that fall to this rank (N, ...)."""
        return self._take(x, self.order)

    def undo(self, x: Tensor) -> Tensor:
        """What was made of the samples that fell to this rank (N, ...) -> what was made of its own batch (N, ...)."""
        return self._take(x, self.order.argsort())

    @staticmethod
    def _take(x: Tensor, order: Tensor) -> Tensor:
        everything = torch.cat(dist.all_gather(x.contiguous()))
        return everything[order.view(-1, len(x))[dist.get_rank()]]


def in_groups(encoder: Callable[[Tensor], Dict[str, Tensor]], x: Tensor, groups: int) -> Dict[str, Tensor]:
    """Encode (N, ...) in so many parts of about equal size, N at most, each with batch statistics of its own."""
    if groups <= 1:
        return encoder(x)
    parts = [encoder(part) for part in x.tensor_split(min(groups, len(x)))]
    return {level: torch.cat([part[level] for part in parts]) for level in parts[0]}
