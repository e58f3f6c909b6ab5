"""Augmentations of the pose."""

import math
from typing import Optional, Sequence, Union

import torch
from mmaction.registry import TRANSFORMS
from torch import Tensor

from ...errors import UserError
from ...structures import SkeletonLayout, get_layout
from .base import Parameters, SkeletonTransform


def _uniform(shape: tuple, generator: Optional[torch.Generator]) -> Tensor:
    """Uniform in [-1, 1)."""
    return torch.rand(shape, generator=generator) * 2 - 1


@TRANSFORMS.register_module()
class JointCorruption(SkeletonTransform):
    """Corrupt some joints throughout a clip, the same for all persons: zero them or send them through a random matrix.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        layout: Skeleton layout, a name or a dict, which fixes the number of joints V. Defaults to 'ntu'.
        ratio: Ratio of the joints that are corrupted, rounded to joints. Defaults to 0.6, 15 of 25 as released.
        zero_prob: Probability that they are zeroed, else they are multiplied by a C x C matrix, uniform in [-1, 1].
            Defaults to 0.5, as released.
        in_channels: Coordinates C of a joint. Defaults to 3.
    """

    def __init__(self,
                 layout: Union[str, dict, SkeletonLayout] = 'ntu',
                 ratio: float = 0.6,
                 zero_prob: float = 0.5,
                 in_channels: int = 3) -> None:
        self.num_joints = get_layout(layout).num_joints
        self.ratio, self.zero_prob, self.in_channels = ratio, zero_prob, in_channels

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``joints`` (n, V), True where corrupted, and ``matrix`` (n, C, C), zero where joints are zeroed."""
        order = torch.rand(n, self.num_joints, generator=generator).argsort(1)
        zeroed = torch.rand(n, 1, 1, generator=generator) < self.zero_prob
        matrix = _uniform((n, self.in_channels, self.in_channels), generator)
        return dict(joints=order < round(self.ratio * self.num_joints), matrix=matrix.masked_fill(zeroed, 0))

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Clips (n, M, T, V, C) -> the same with x replaced by x @ matrix at the chosen joints."""
        # Coordinates side by side: a comparison in runs of V * C is several times faster than in runs of C.
        corrupted = parameters['joints'].repeat_interleave(clips.shape[-1], 1)[:, None, None]
        moved = _multiply(clips, parameters['matrix'])
        return torch.where(corrupted, moved.flatten(3), clips.flatten(3)).view_as(clips)


@TRANSFORMS.register_module()
class PoseShear(SkeletonTransform):
    """Shear all joints of a clip, the same for all persons.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        magnitude: Bound of the matrix off its unit diagonal, uniform in [-magnitude, magnitude]. Defaults to 1.0, as
            released.
        in_channels: Coordinates C of a joint. Defaults to 3.
    """

    def __init__(self, magnitude: float = 1.0, in_channels: int = 3) -> None:
        self.magnitude, self.in_channels = magnitude, in_channels

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``matrix`` (n, C, C)."""
        matrix = self.magnitude * _uniform((n, self.in_channels, self.in_channels), generator)
        matrix.diagonal(dim1=1, dim2=2).fill_(1)
        return dict(matrix=matrix)

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Clips (n, M, T, V, C) -> x @ matrix for every joint."""
        return _multiply(clips, parameters['matrix'])


@TRANSFORMS.register_module()
class RandomRotation(SkeletonTransform):
    """Turn a whole clip about the origin and scale it, the same for all persons: another camera, another body height.

    The turns are about x, y and z in this order of factors, and z is the body's axis after :class:`NormalizeSkeleton`;
    without its alignment choose angles for the axes of your data.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        max_angles: Greatest angles about x, y and z, in degrees; each is uniform in [-max, max].
            Defaults to (30, 30, 60).
        max_scale: Greatest change of size; s is uniform in [1 - max_scale, 1 + max_scale]. Defaults to 0.2.
        in_channels: Coordinates C of a joint. Defaults to 3.

    Raises:
        UserError: if the joints are not 3-D, or ``max_scale`` is not in [0, 1).
    """

    def __init__(self,
                 max_angles: Sequence[float] = (30, 30, 60),
                 max_scale: float = 0.2,
                 in_channels: int = 3) -> None:
        if in_channels != 3 or len(max_angles) != 3:
            raise UserError(f'RandomRotation turns 3-D joints by three angles, got {in_channels} coordinates and '
                             f'max_angles={tuple(max_angles)}: leave it out of the views of 2-D poses')
        if not 0 <= max_scale < 1:
            raise UserError(f'max_scale must be in [0, 1), got {max_scale}')
        self.max_angles, self.max_scale = tuple(max_angles), max_scale

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``matrix`` (n, 3, 3)."""
        angles = _uniform((n, 3), generator) * torch.tensor(self.max_angles).deg2rad()
        scale = 1 + self.max_scale * _uniform((n, 1, 1), generator)
        about_x, about_y, about_z = (_about(axis, angles[:, axis]) for axis in range(3))
        return dict(matrix=scale * (about_x @ about_y @ about_z))

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Clips (n, M, T, V, 3) -> x @ matrix for every joint."""
        return _multiply(clips, parameters['matrix'])


def _about(axis: int, angles: Tensor) -> Tensor:
    """Rotations (n, 3, 3) in the plane of the two other axes, by angles (n,) in radians."""
    matrix = torch.eye(3).repeat(len(angles), 1, 1)
    a, b = (other for other in range(3) if other != axis)
    matrix[:, a, a] = matrix[:, b, b] = angles.cos()
    matrix[:, b, a] = angles.sin()
    matrix[:, a, b] = -matrix[:, b, a]
    return matrix


def _multiply(clips: Tensor, matrix: Tensor) -> Tensor:
    """Clips (n, M, T, V, C), all finite, matrix (n, C, C) -> x @ matrix for every joint.

    Up to 8 points go side by side through a block-diagonal matrix: a product with 3 x 3 ones takes four times as long.
    """
    n, channels, points = len(clips), clips.shape[-1], math.prod(clips.shape[1:4])
    together = math.gcd(points, 8)
    size = together * channels
    eye = torch.eye(together, dtype=matrix.dtype, device=matrix.device)
    blocks = torch.einsum('ij,nab->niajb', eye, matrix).reshape(n, size, size)
    return (clips.reshape(n, points // together, size) @ blocks.to(clips.dtype)).view_as(clips)
