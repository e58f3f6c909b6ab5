"""Random rotation in the image plane."""

import math
from typing import Optional

import torch
from mmaction.registry import TRANSFORMS
from torch import Tensor

from ...errors import UserError
from .base import Parameters, SkeletonTransform
from .spatial import multiply, uniform


@TRANSFORMS.register_module()
class RandomRotation2D(SkeletonTransform):
    """Rotate a 2-D clip about the origin and scale it, in the same way for all persons.

    This simulates a camera that is held at an angle, and another distance.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        max_angle: Maximum angle in degrees; the angle is uniform in [-max, max]. Defaults to 15.
        max_scale: Maximum change of scale; the scale is uniform in [1 - max_scale, 1 + max_scale]. Defaults to 0.2.
        in_channels: Number of coordinates C of a joint. Defaults to 2.

    Raises:
        UserError: if the joints are not 2-D, or ``max_scale`` is not in [0, 1).
    """

    def __init__(self, max_angle: float = 15, max_scale: float = 0.2, in_channels: int = 2) -> None:
        if in_channels != 2:
            raise UserError(f'RandomRotation2D needs 2-D joints, got {in_channels} coordinates: use RandomRotation')
        if not 0 <= max_scale < 1:
            raise UserError(f'max_scale must be in [0, 1), got {max_scale}')
        self.max_angle, self.max_scale = max_angle, max_scale

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``matrix`` (n, 2, 2)."""
        angle = math.radians(self.max_angle) * uniform((n, ), generator)
        scale = 1 + self.max_scale * uniform((n, 1, 1), generator)
        cos, sin = angle.cos(), angle.sin()
        return dict(matrix=scale * torch.stack([cos, sin, -sin, cos], -1).view(n, 2, 2))

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Return x @ matrix for every joint of clips (n, M, T, V, 2 or more)."""
        return multiply(clips, parameters['matrix'])
