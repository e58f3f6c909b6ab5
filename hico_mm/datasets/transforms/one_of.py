"""A choice between augmentations."""

from typing import List, Optional, Union

import torch
from mmaction.registry import TRANSFORMS
from torch import Tensor

from ...errors import UserError
from ...structures import SkeletonLayout
from ...wiring import complete_transforms
from .base import Parameters, SkeletonTransform, select


@TRANSFORMS.register_module()
class OneOf(SkeletonTransform):
    """Apply one of several skeleton transforms to each clip, chosen at random for each.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        transforms: Configs of the transforms.
        prob: Probability of each, summing to 1. Defaults to equal ones.
        layout: Skeleton layout of those that need one and name none. Defaults to None.
        in_channels: Likewise the coordinates C of a joint. Defaults to None.

    Raises:
        UserError: if the probabilities do not fit the transforms.
    """

    def __init__(self,
                 transforms: List[dict],
                 prob: Optional[List[float]] = None,
                 layout: Union[str, dict, SkeletonLayout, None] = None,
                 in_channels: Optional[int] = None) -> None:
        completed = complete_transforms(transforms, layout=layout, in_channels=in_channels)
        self.transforms = [TRANSFORMS.build(t) if isinstance(t, dict) else t for t in completed]
        self.prob = list(prob) if prob is not None else [1 / len(transforms)] * len(transforms)
        if len(self.prob) != len(self.transforms) or abs(sum(self.prob) - 1) > 1e-6:
            raise UserError(f'prob needs {len(self.transforms)} numbers that sum to 1, got {self.prob}')

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``choice`` (n,), and the parameters of every transform under its number."""
        edges = torch.tensor(self.prob).cumsum(0)[:-1]
        choice = torch.bucketize(torch.rand(n, generator=generator), edges, right=True)
        return dict(choice=choice, **{str(i): t.draw(n, generator) for i, t in enumerate(self.transforms)})

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Clips (n, M, T, V, C) -> clips of the same shape."""
        out = torch.empty_like(clips)
        for i, transform in enumerate(self.transforms):
            index = (parameters['choice'] == i).nonzero().flatten().to(clips.device)
            chosen = clips.index_select(0, index)
            out.index_copy_(0, index, transform.apply(chosen, select(parameters[str(i)], index)))
        return out
