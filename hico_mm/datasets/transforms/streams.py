"""The joint, bone and motion streams, and their combinations."""

from typing import Union

import torch
from torch import Tensor

from ...structures import SkeletonLayout, get_layout, split_streams

MOTION_SCALE = 8.0  # joints move little from one frame to the next; this makes motion about as large as positions


def derive_stream(clips: Tensor, stream: str, layout: Union[str, dict, SkeletonLayout]) -> Tensor:
    """Derive a stream, or a combination of streams, from joints.

    Args:
        clips: (..., T, V, C).
        stream: 'joint'; 'bone', each joint minus its parent; or 'motion', the next frame minus the current one, with
            zeros in the last frame. A combination such as 'joint+motion' concatenates the coordinates of its streams;
            in it, motion is multiplied by ``MOTION_SCALE``.
        layout: Skeleton layout, for the bones.

    Returns:
        (..., T, V, C), or (..., T, V, s * C) for a combination of s streams.

    Raises:
        UserError: if a stream is not known, or occurs twice.
    """
    names = split_streams(stream)
    if len(names) > 1:
        streams = (derive_stream(clips, name, layout) for name in names)
        return torch.cat([part * MOTION_SCALE if name == 'motion' else part
                          for name, part in zip(names, streams)], -1)
    if stream == 'joint':
        return clips
    if stream == 'bone':
        return clips - clips[..., list(get_layout(layout).parents), :]
    return torch.cat([clips[..., 1:, :, :] - clips[..., :-1, :, :], torch.zeros_like(clips[..., :1, :, :])], -3)
