"""The joint, bone and motion streams."""

from typing import Union

import torch
from torch import Tensor

from ...errors import UserError
from ...structures import SkeletonLayout, get_layout

STREAMS = ('joint', 'bone', 'motion')


def derive_stream(clips: Tensor, stream: str, layout: Union[str, dict, SkeletonLayout]) -> Tensor:
    """Derive a stream from joints.

    Args:
        clips: (..., T, V, C).
        stream: 'joint'; 'bone', each joint minus its parent; or 'motion', the next frame minus the current one, with
            zeros in the last frame.
        layout: Skeleton layout, for the bones.

    Returns:
        The stream, with the same shape.

    Raises:
        UserError: if the stream is not known.
    """
    if stream == 'joint':
        return clips
    if stream == 'bone':
        return clips - clips[..., list(get_layout(layout).parents), :]
    if stream == 'motion':
        return torch.cat([clips[..., 1:, :, :] - clips[..., :-1, :, :], torch.zeros_like(clips[..., :1, :, :])], -3)
    raise UserError(f'unknown stream "{stream}": use one of {list(STREAMS)}')
