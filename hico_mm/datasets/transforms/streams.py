"""The joint, bone and motion streams."""

from typing import Union

import torch
from torch import Tensor

from ...errors import UserError
from ...structures import SkeletonLayout, get_layout

STREAMS = ('joint', 'bone', 'motion')


def derive_stream(clips: Tensor, stream: str, layout: Union[str, dict, SkeletonLayout],
                  with_score: bool = False) -> Tensor:
    """Derive a stream from joints.

    Args:
        clips: (..., T, V, C).
        stream: 'joint'; 'bone', each joint minus its parent; or 'motion', the next frame minus the current one, with
            zeros in the last frame.
        layout: Skeleton layout, for the bones.
        with_score: Whether the last of the C channels is a score. As in MMAction2, a bone has the mean of the scores of
            its joints, and a motion that of its frames. Defaults to False.

    Returns:
        The stream, with the same shape.

    Raises:
        UserError: if the stream is not known.
    """
    if stream == 'joint':
        return clips
    if stream == 'bone':
        other = clips[..., list(get_layout(layout).parents), :]
        derived = clips - other
    elif stream == 'motion':
        other = torch.cat([clips[..., 1:, :, :], clips[..., -1:, :, :]], -3)
        derived = other - clips
    else:
        raise UserError(f'unknown stream "{stream}": use one of {list(STREAMS)}')
    if with_score:
        score = (clips[..., -1:] + other[..., -1:]) / 2
        derived = torch.cat([derived[..., :-1], score], -1)
    return derived
