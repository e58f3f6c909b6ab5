"""Bring clips to one frame rate."""

from typing import Optional, Tuple

import numpy as np

from ..errors import UserError

LONGEST = 1_000_000  # frames of a clip

def resample(keypoint: np.ndarray, score: Optional[np.ndarray], fps: float,
             wanted: float) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Resample a clip linearly, so that it has ``wanted`` frames per second.

    Output frame i shows the time i / wanted. A joint that was not detected in one of the two frames around this time is
    taken from the nearer one. The clip keeps its first frame, and its length to within half a frame.

    Args:
        keypoint: (M, T, V, C).
        score: (M, T, V), or None.
        fps: Frames per second of the clip.
        wanted: Frames per second of the result.

    Raises:
        UserError: if the result would have more than ``LONGEST`` frames.
    """
    last = keypoint.shape[1] - 1
    count = max(1, round(keypoint.shape[1] * wanted / fps))
    if count > LONGEST:
        raise UserError(f'would have {count} frames with {wanted:g} frames per second in place of {fps:g}: check both')
    position = np.minimum(np.arange(count) * fps / wanted, last)
    before = position.astype(int)
    after, nearer = np.minimum(before + 1, last), np.rint(position).astype(int)
    weight = (position - before).astype(np.float32)[:, None, None]
    there: np.ndarray = np.any(keypoint, -1, keepdims=True)
    both = there[:, before] & there[:, after]
    between = keypoint[:, before] * (1 - weight) + keypoint[:, after] * weight
    resampled: np.ndarray = np.where(both, between, keypoint[:, nearer]).astype(keypoint.dtype)
    if score is None:
        return resampled, None
    weight = weight[..., 0]
    mixed = score[:, before] * (1 - weight) + score[:, after] * weight
    return resampled, np.where(both[..., 0], mixed, score[:, nearer]).astype(score.dtype)
