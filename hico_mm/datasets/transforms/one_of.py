"""Random choice between augmentations."""

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
    """Apply a randomly chosen skeleton transform to each clip.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        transforms: Configs of the transforms.
        prob: Probability of each transform; the sum must be 1. Defaults to equal probabilities.
        layout: Skeleton layout of the transforms that need one and do not set it. Defaults to None.
        in_channels: Number of coordinates C of a joint, for transforms that do not set it. Defaults to None.

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
        """Draw ``choice`` (n,), and the parameters of every transform, with its index as key."""
        edges = torch.tensor(self.prob).cumsum(0)[:-1]
        choice = torch.bucketize(torch.rand(n, generator=generator), edges, right=True)
        return dict(choice=choice, **{str(i): t.draw(n, generator) for i, t in enumerate(self.transforms)})

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Transform clips (n, M, T, V, C); the shape is unchanged."""
        out = torch.empty_like(clips)
        for i, transform in enumerate(self.transforms):
            index = (parameters['choice'] == i).nonzero().flatten().to(clips.device)
            chosen = clips.index_select(0, index)
            out.index_copy_(0, index, transform.apply(chosen, select(parameters[str(i)], index)))
        return out
