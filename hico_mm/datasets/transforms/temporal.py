"""Temporal crops, resized to a fixed length."""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from mmaction.registry import TRANSFORMS
from torch import Tensor

from ...errors import UserError, check_count, check_number
from .base import Parameters, SkeletonTransform
from .clips import RaggedClips


def resize(clips: RaggedClips, start: Tensor, length: Tensor, clip_len: int) -> Tensor:
    """Cut ``length`` frames out of each clip, beginning at ``start``, and resample them linearly.

    Output frame i is at position (i + 1/2) * length / clip_len - 1/2 of the cut, clamped to its first and last frame.
    This is the rule of ``torch.nn.functional.interpolate(mode='linear', align_corners=False)``.

    Args:
        clips: n ragged clips.
        start: (n,), first frame of each cut.
        length: (n,), number of frames of each cut, at least 1.
        clip_len: Number of output frames T.

    Returns:
        (n, M, T, V, C).
    """
    device = clips.frames.device
    persons, frames_in_all, *joints = clips.frames.shape
    start, length = start.to(device), length.to(device)
    lengths = clips.lengths.to(device)
    # (n, M, 1): the row at which each person's frames of a cut begin.
    offset = (lengths.cumsum(0) - lengths + start)[:, None] + frames_in_all * torch.arange(persons, device=device)
    offset = offset[..., None]
    step = (length.double() / clip_len)[:, None]
    position = ((torch.arange(clip_len, device=device) + 0.5) * step - 0.5).clamp(min=0)
    below = position.long()
    above = torch.minimum(below + 1, length[:, None] - 1)
    weight = (position - below).to(clips.frames.dtype)
    # One pass over the frames: each output frame is a weighted sum of two frames.
    pairs = torch.stack([below, above], -1)[:, None] + offset[..., None]
    weights = torch.stack([1 - weight, weight], -1)[:, None].expand_as(pairs)
    frames = F.embedding_bag(pairs.flatten(0, 2), clips.frames.flatten(0, 1).flatten(1), mode='sum',
                             per_sample_weights=weights.flatten(0, 2))
    return frames.view(len(start), persons, clip_len, *joints)


class _CropResize(SkeletonTransform):
    """A temporal crop of :class:`RaggedClips` that returns (n, M, clip_len, V, C)."""

    clip_len: int

    def crop(self, lengths: Tensor, parameters: Parameters) -> Tuple[Tensor, Tensor]:
        """Return the start (n,) and length (n,) of the crops, given the lengths (n,) of the clips."""
        raise NotImplementedError

    def apply(self, clips: RaggedClips, parameters: Parameters) -> Tensor:  # type: ignore[override]
        """Crop ragged clips with their parameters to (n, M, clip_len, V, C)."""
        return resize(clips, *self.crop(clips.lengths, parameters), self.clip_len)

    def transform(self, results: dict) -> dict:
        """Crop ``results['keypoint']``, one clip (M, T, V, C)."""
        clips = RaggedClips.from_clips([torch.as_tensor(results['keypoint']).float()])
        results['keypoint'] = self.apply(clips, self.draw(1))[0].numpy()
        results.update(total_frames=self.clip_len, clip_len=self.clip_len, num_clips=1)
        return results


@TRANSFORMS.register_module()
class TemporalCropResize(_CropResize):
    """Random temporal crop, resized linearly.

    The crop has floor(ratio * T) frames, but at least ``min_frames`` and at most T; its position is uniform.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint
        - total_frames

    Added Keys:
        - clip_len
        - num_clips

    Args:
        clip_len: Number of output frames. Defaults to 64.
        ratio: Range of the crop length as a ratio of the clip length, uniform. Defaults to (0.1, 1), as released.
        min_frames: Minimum number of frames of a crop. Defaults to 64, as released.

    Raises:
        UserError: if the range is not within (0, 1], or ``min_frames`` is below 1.
    """

    def __init__(self, clip_len: int = 64, ratio: Tuple[float, float] = (0.1, 1.0), min_frames: int = 64) -> None:
        if not isinstance(ratio, (list, tuple)) or len(ratio) != 2:
            raise UserError(f'ratio of TemporalCropResize must be two numbers, its range, got {ratio!r}')
        check_count(clip_len, 'clip_len')
        low, high = ratio
        check_number(low, 'the lower end of ratio', above=0, most=1)
        check_number(high, 'the upper end of ratio', least=low, most=1)
        check_count(min_frames, 'min_frames')
        self.clip_len, self.ratio, self.min_frames = clip_len, (low, high), min_frames

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw ``ratio`` (n,) from its range and ``position`` (n,) from [0, 1)."""
        low, high = self.ratio
        ratio, position = torch.rand(2, n, generator=generator, dtype=torch.float64)
        return dict(ratio=low + (high - low) * ratio, position=position)

    def crop(self, lengths: Tensor, parameters: Parameters) -> Tuple[Tensor, Tensor]:
        """Return the start (n,) and length (n,) of the crops, given the lengths (n,) of the clips."""
        length = (lengths * parameters['ratio']).long().clamp(min=self.min_frames)
        length = torch.minimum(length, lengths)
        return (parameters['position'] * (lengths - length + 1)).long(), length


@TRANSFORMS.register_module()
class CenterCropResize(_CropResize):
    """Crop the middle of a clip and resize it linearly: floor((1 - ratio) * T / 2) frames are cut off at each end.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint
        - total_frames

    Added Keys:
        - clip_len
        - num_clips

    Args:
        clip_len: Number of output frames. Defaults to 64.
        ratio: Ratio of the clip to keep. Defaults to 0.95, as released.

    Raises:
        UserError: if the ratio is not within (0, 1].
    """

    def __init__(self, clip_len: int = 64, ratio: float = 0.95) -> None:
        check_number(ratio, 'ratio', above=0, most=1)
        check_count(clip_len, 'clip_len')
        self.clip_len, self.ratio = clip_len, ratio

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Return no parameters, since nothing is random."""
        return {}

    def crop(self, lengths: Tensor, parameters: Parameters) -> Tuple[Tensor, Tensor]:
        """Return the start (n,) and length (n,) of the crops, given the lengths (n,) of the clips."""
        start = ((1 - self.ratio) * lengths.double() / 2).long()
        return start, lengths - 2 * start
