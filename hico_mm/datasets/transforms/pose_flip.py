"""Random left-right flip of a clip."""

from typing import Optional, Union

import torch
from mmaction.registry import TRANSFORMS
from torch import Tensor

from ...errors import UserError, check_number
from ...structures import SkeletonLayout, get_layout
from .base import Parameters, SkeletonTransform


@TRANSFORMS.register_module()
class PoseFlip(SkeletonTransform):
    """Mirror a clip at x = 0 and exchange left and right joints, in the same way for all persons.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        layout: Skeleton layout, a name or a dict, which gives the pairs of left and right joints. Defaults to 'ntu'.
        prob: Probability that a clip is flipped. Defaults to 0.5.

    Raises:
        UserError: if the layout has no pairs of left and right joints, or the probability is not in [0, 1].
    """

    def __init__(self, layout: Union[str, dict, SkeletonLayout] = 'ntu', prob: float = 0.5) -> None:
        check_number(prob, 'PoseFlip.prob', least=0, most=1)
        skeleton, self.prob = get_layout(layout), prob
        if not skeleton.pairs:
            raise UserError(f'layout "{skeleton.name}" does not say which joints are left and right, so clips cannot '
                            'be flipped: give it pairs, or leave PoseFlip out')
        self._order = list(range(skeleton.num_joints))
        for left, right in skeleton.pairs:
            self._order[left], self._order[right] = right, left

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``flip`` (n,), True for clips to be flipped."""
        return dict(flip=torch.rand(n, generator=generator) < self.prob)

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Flip the chosen clips of (n, M, T, V, C), whose first coordinate is x."""
        sign = torch.ones(clips.shape[-1], dtype=clips.dtype, device=clips.device)
        sign[0] = -1
        return torch.where(parameters['flip'].view(-1, 1, 1, 1, 1), clips[..., self._order, :] * sign, clips)
