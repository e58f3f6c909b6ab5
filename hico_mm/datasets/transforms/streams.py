"""The joint, bone and motion streams, and their combinations."""

from typing import Union

import torch
from torch import Tensor

from ...structures import SkeletonLayout, get_layout, split_streams

MOTION_SCALE = 8.0  # joints move little from one frame to the next; this makes motion about as large as positions


def derive_stream(clips: Tensor, stream: str, layout: Union[str, dict, SkeletonLayout],
                  with_score: bool = False) -> Tensor:
    """Derive a stream, or a combination of streams, from joints.

    Args:
        clips: (..., T, V, C).
        stream: 'joint'; 'bone', each joint minus its parent; or 'motion', the next frame minus the current one, with
            zeros in the last frame. A combination such as 'joint+motion' concatenates the coordinates of its streams;
            in it, motion is multiplied by ``MOTION_SCALE``.
        layout: Skeleton layout, for the bones.
        with_score: Whether the last of the C channels is a score. As in MMAction2, a bone has the mean of the scores of
            its joints, and a motion that of its frames. Defaults to False.

    Returns:
        (..., T, V, C), or (..., T, V, s * C) for a combination of s streams.

    Raises:
        UserError: if a stream is not known, or occurs twice.
    """
    names = split_streams(stream)
    if len(names) == 1:
        return _derive(clips, stream, layout, with_score)
    return torch.cat([_derive(clips, name, layout, with_score, MOTION_SCALE) for name in names], -1)


def _derive(clips: Tensor, stream: str, layout: Union[str, dict, SkeletonLayout], with_score: bool,
            motion_scale: float = 1.0) -> Tensor:
    if stream == 'joint':
        return clips
    if stream == 'bone':
        other = clips[..., list(get_layout(layout).parents), :]
        derived = clips - other
    else:
        other = torch.cat([clips[..., 1:, :, :], clips[..., -1:, :, :]], -3)
        derived = other - clips if motion_scale == 1 else motion_scale * (other - clips)
    if with_score:
        score = (clips[..., -1:] + other[..., -1:]) / 2
        derived = torch.cat([derived[..., :-1], score], -1)
    return derived
