"""What can be wrong with a clip."""

from typing import Any, Mapping, Optional

import numpy as np

from ..structures import SkeletonLayout

FARTHEST = 1e6  # in the units of the file; metres, millimetres or pixels


def clip_fault(clip: Mapping, layout: Optional[SkeletonLayout] = None) -> Optional[str]:
    """What is wrong with an annotated clip and what to do, as the rest of a sentence; None if it is sound.

    Args:
        clip: ``keypoint`` (M, T, V, C) and ``label``.
        layout: The skeleton it must have; None does not look. Defaults to None.
    """
    absent = [key for key in ('keypoint', 'label') if key not in clip]
    if absent:
        return f'has no {absent[0]}: prepare it again'
    if not isinstance(clip['label'], (int, np.integer)) or clip['label'] < 0:
        return f'has the label {clip["label"]!r}, not an integer from 0: prepare it again'
    return keypoint_fault(clip['keypoint'], layout)


def keypoint_fault(keypoint: Any, layout: Optional[SkeletonLayout] = None) -> Optional[str]:
    """What is wrong with the keypoints of a clip and what to do; see :func:`clip_fault`."""
    if not isinstance(keypoint, np.ndarray):
        return 'has keypoints that are not an array: prepare it again'
    if keypoint.ndim != 4 or keypoint.shape[-1] not in (2, 3):
        return f'has keypoints of shape {keypoint.shape}, not (M, T, V, 2 or 3): prepare it again'
    if not np.issubdtype(keypoint.dtype, np.floating) and not np.issubdtype(keypoint.dtype, np.integer):
        return f'has keypoints of type {keypoint.dtype}, not real numbers: prepare it again'
    if layout is not None and keypoint.shape[2] != layout.num_joints:
        return (f'has {keypoint.shape[2]} joints, but layout "{layout.name}" has {layout.num_joints}: '
                'set the layout that fits')
    with np.errstate(over='ignore'):
        as_used = keypoint.astype(np.float32, copy=False)
    if not np.isfinite(as_used).all():
        return 'has NaN or infinite keypoints: repair it, or leave it out of the split'
    if keypoint.size and np.abs(as_used).max() >= FARTHEST:
        return (f'has a coordinate of {float(np.abs(as_used).max()):.3g}, which no unit explains: repair it, or leave '
                'it out of the split')
    if not keypoint.any():
        return 'is empty: leave it out of the split'
    return None


def clip_name(clip: Mapping) -> Any:
    """The name of a clip; MMAction2 allows either key."""
    return clip.get('frame_dir', clip.get('filename'))
