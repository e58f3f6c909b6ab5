"""Augmentations of the pose."""

import math
from typing import Optional, Sequence, Union

import torch
from mmaction.registry import TRANSFORMS
from torch import Tensor

from ...errors import UserError, check_number
from ...structures import SkeletonLayout, get_layout
from .base import Parameters, SkeletonTransform


def uniform(shape: tuple, generator: Optional[torch.Generator]) -> Tensor:
    """Draw uniformly from [-1, 1)."""
    return torch.rand(shape, generator=generator) * 2 - 1


@TRANSFORMS.register_module()
class JointCorruption(SkeletonTransform):
    """Corrupt some joints in all frames and persons of a clip: set them to zero or multiply them by a random matrix.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        layout: Skeleton layout, a name or a dict, which gives the number of joints V. Defaults to 'ntu'.
        ratio: Ratio of corrupted joints, rounded to whole joints. Defaults to 0.6, which is 15 of 25 as released.
        zero_prob: Probability that they are set to zero. Otherwise they are multiplied by a C x C matrix with entries
            uniform in [-1, 1]. Defaults to 0.5, as released.
        in_channels: Number of coordinates C of a joint. Defaults to 3.

    Raises:
        UserError: if the ratio or the probability is not in [0, 1].
    """

    def __init__(self,
                 layout: Union[str, dict, SkeletonLayout] = 'ntu',
                 ratio: float = 0.6,
                 zero_prob: float = 0.5,
                 in_channels: int = 3) -> None:
        check_number(ratio, 'JointCorruption.ratio', least=0, most=1)
        check_number(zero_prob, 'JointCorruption.zero_prob', least=0, most=1)
        self.num_joints = get_layout(layout).num_joints
        self.ratio, self.zero_prob, self.in_channels = ratio, zero_prob, in_channels

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``joints`` (n, V), True if corrupted, and ``matrix`` (n, C, C), zero if joints are set to zero."""
        order = torch.rand(n, self.num_joints, generator=generator).argsort(1)
        zeroed = torch.rand(n, 1, 1, generator=generator) < self.zero_prob
        matrix = uniform((n, self.in_channels, self.in_channels), generator)
        return dict(joints=order < round(self.ratio * self.num_joints), matrix=matrix.masked_fill(zeroed, 0))

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Replace x by x @ matrix at the chosen joints of clips (n, M, T, V, C)."""
        # Joints and coordinates are flattened: selecting in runs of V * C is several times faster than in runs of C.
        corrupted = parameters['joints'].repeat_interleave(clips.shape[-1], 1)[:, None, None]
        moved = multiply(clips, parameters['matrix'])
        return torch.where(corrupted, moved.flatten(3), clips.flatten(3)).view_as(clips)


@TRANSFORMS.register_module()
class PoseShear(SkeletonTransform):
    """Shear all joints of a clip in the same way for all persons.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        magnitude: Range of the entries off the unit diagonal, uniform in [-magnitude, magnitude]. Defaults to 1.0, as
            released.
        in_channels: Number of coordinates C of a joint. Defaults to 3.
    """

    def __init__(self, magnitude: float = 1.0, in_channels: int = 3) -> None:
        self.magnitude, self.in_channels = magnitude, in_channels

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``matrix`` (n, C, C)."""
        matrix = self.magnitude * uniform((n, self.in_channels, self.in_channels), generator)
        matrix.diagonal(dim1=1, dim2=2).fill_(1)
        return dict(matrix=matrix)

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Return x @ matrix for every joint of clips (n, M, T, V, C)."""
        return multiply(clips, parameters['matrix'])


@TRANSFORMS.register_module()
class RandomRotation(SkeletonTransform):
    """Rotate a clip about the origin and scale it, in the same way for all persons.

    This simulates another camera and body height.

    The matrix is the product of rotations about x, y and z, in this order. After :class:`NormalizeSkeleton`, z is the
    body's axis. Without its alignment, choose angles that suit the axes of your data.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        max_angles: Maximum angles about x, y and z in degrees; each angle is uniform in [-max, max].
            Defaults to (30, 30, 60).
        max_scale: Maximum change of scale; the scale is uniform in [1 - max_scale, 1 + max_scale]. Defaults to 0.2.
        in_channels: Number of coordinates C of a joint. Defaults to 3.

    Raises:
        UserError: if the joints are not 3-D, or ``max_scale`` is not in [0, 1).
    """

    def __init__(self,
                 max_angles: Sequence[float] = (30, 30, 60),
                 max_scale: float = 0.2,
                 in_channels: int = 3) -> None:
        if in_channels != 3 or len(max_angles) != 3:
            raise UserError(f'RandomRotation needs 3-D joints and three angles, got {in_channels} coordinates and '
                             f'max_angles={tuple(max_angles)}: use RandomRotation2D in the views of 2-D poses')
        if not 0 <= max_scale < 1:
            raise UserError(f'max_scale must be in [0, 1), got {max_scale}')
        self.max_angles, self.max_scale = tuple(max_angles), max_scale

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``matrix`` (n, 3, 3)."""
        angles = uniform((n, 3), generator) * torch.tensor(self.max_angles).deg2rad()
        scale = 1 + self.max_scale * uniform((n, 1, 1), generator)
        about_x, about_y, about_z = (_about(axis, angles[:, axis]) for axis in range(3))
        return dict(matrix=scale * (about_x @ about_y @ about_z))

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Return x @ matrix for every joint of clips (n, M, T, V, 3)."""
        return multiply(clips, parameters['matrix'])


@TRANSFORMS.register_module()
class FitToBox(SkeletonTransform):
    """Scale and shift a clip into the box [-1, 1] of all axes, over all frames, joints and persons.

    It makes clips independent of body size. As the last transform of a view, it also undoes changes of scale that the
    transforms before it made. Absent joints (all zero) stay zero, and an axis without extent becomes zero.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        per_axis: Whether to scale each axis by its own extent, which fills the box but changes the proportions of the
            body, or all axes by the largest extent. Defaults to True.
        in_channels: Number of coordinates of a joint; further channels, such as a score, are unchanged. Defaults to 3.
    """

    def __init__(self, per_axis: bool = True, in_channels: int = 3) -> None:
        self.per_axis, self.in_channels = per_axis, in_channels

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Return no parameters, since nothing is random."""
        return {}

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Scale clips (n, M, T, V, C)."""
        places, rest = clips[..., :self.in_channels], clips[..., self.in_channels:]
        known = (places != 0).any(-1, keepdim=True)
        low = places.masked_fill(~known, torch.inf).amin((1, 2, 3), keepdim=True)
        high = places.masked_fill(~known, -torch.inf).amax((1, 2, 3), keepdim=True)
        extent = (high - low).clamp(min=0)
        size = extent if self.per_axis else extent.amax(-1, keepdim=True)
        scaled = (2 * places - low - high) / torch.where(size > 0, size, torch.ones_like(size))
        return torch.cat([torch.where(known & (extent > 0), scaled, torch.zeros_like(places)), rest], -1)


def _about(axis: int, angles: Tensor) -> Tensor:
    """Return rotations (n, 3, 3) about an axis by angles (n,) in radians."""
    matrix = torch.eye(3).repeat(len(angles), 1, 1)
    a, b = (other for other in range(3) if other != axis)
    matrix[:, a, a] = matrix[:, b, b] = angles.cos()
    matrix[:, b, a] = angles.sin()
    matrix[:, a, b] = -matrix[:, b, a]
    return matrix


def multiply(clips: Tensor, matrix: Tensor) -> Tensor:
    """Return x @ matrix for every joint, given clips (n, M, T, V, C), all finite, and a matrix (n, C, C).

    If the clips have more channels than the matrix, such as a score, these are unchanged, but become zero where the
    matrix is zero. Up to 8 points are multiplied together with a block-diagonal matrix. Products with 3 x 3 matrices
    take four times as long.
    """
    n, channels, points = len(clips), clips.shape[-1], math.prod(clips.shape[1:4])
    if matrix.shape[-1] < channels:
        matrix = _extended(matrix, channels)
    together = math.gcd(points, 8)
    size = together * channels
    eye = torch.eye(together, dtype=matrix.dtype, device=matrix.device)
    blocks = torch.einsum('ij,nab->niajb', eye, matrix).reshape(n, size, size)
    return (clips.reshape(n, points // together, size) @ blocks.to(clips.dtype)).view_as(clips)


def _extended(matrix: Tensor, channels: int) -> Tensor:
    """Extend matrices (n, C, C) to (n, channels, channels): by the identity, or by zeros if the matrix is zero."""
    n, size, _ = matrix.shape
    extended = matrix.new_zeros(n, channels, channels)
    extended[:, :size, :size] = matrix
    extended.diagonal(dim1=1, dim2=2)[:, size:] = matrix.flatten(1).any(1)[:, None].to(matrix.dtype)
    return extended
