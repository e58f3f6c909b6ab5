"""Shuffling batch norm of MoCo, section 3.3: samples are shuffled between the batches of all processes."""

from typing import Callable, Dict, NamedTuple

import torch
from mmengine import dist
from torch import Tensor


class BatchShuffle(NamedTuple):
    """A permutation of the samples of all ranks.

    Args:
        order: (ranks * N, ), the same on every rank: position i gets sample ``order[i]``, both counted over all ranks.
    """

    order: Tensor

    @classmethod
    def draw(cls, size: int, device: torch.device) -> 'BatchShuffle':
        """Draw a permutation for batches of ``size`` on all ranks, from torch's CPU generator on rank 0."""
        order = torch.randperm(size * dist.get_world_size()).to(device)
        dist.broadcast(order)
        return cls(order)

    def apply(self, x: Tensor) -> Tensor:
        """Exchange this rank's batch (N, ...) for the shuffled samples assigned to it (N, ...)."""
        return self._take(x, self.order)

    def undo(self, x: Tensor) -> Tensor:
        """Exchange the results for the samples assigned to this rank (N, ...) for those of its own batch (N, ...)."""
        return self._take(x, self.order.argsort())

    @staticmethod
    def _take(x: Tensor, order: Tensor) -> Tensor:
        everything = torch.cat(dist.all_gather(x.contiguous()))
        return everything[order.view(-1, len(x))[dist.get_rank()]]


def in_groups(encoder: Callable[[Tensor], Dict[str, Tensor]], x: Tensor, groups: int) -> Dict[str, Tensor]:
    """Encode (N, ...) in up to N groups of about equal size, each with its own batch statistics."""
    if groups <= 1:
        return encoder(x)
    parts = [encoder(part) for part in x.tensor_split(min(groups, len(x)))]
    return {level: torch.cat([part[level] for part in parts]) for level in parts[0]}
