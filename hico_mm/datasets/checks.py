"""The definition of a valid clip, shared by datasets, converters, the checker and ``extract``."""

import re
from typing import Any, Mapping, Optional, Tuple

import numpy as np

from ..structures import SkeletonLayout

FARTHEST = 1e6  # in the units of the file; metres, millimetres or pixels
MOST_CLASSES = 100_000
UNLABELLED = -1  # label of clips whose label is not known, in memory and in feature files
_NAME = re.compile('[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,1000}')  # allowed in a terminal and in file names


def clip_fault(clip: Mapping, layout: Optional[SkeletonLayout] = None) -> Optional[str]:
    """Say what is wrong with an annotated clip and what to do, as the rest of a sentence; None if it is valid.

    A clip without a label is valid. Labels are only needed for training or evaluation with labels.

    Args:
        clip: A dict with a name (``frame_dir`` or ``filename``), ``keypoint`` (M, T, V, C), and optionally ``label``.
        layout: The skeleton it must have; None skips this check. Defaults to None.
    """
    if not is_name(clip_name(clip)):
        return 'has no name (frame_dir) that is one line of text: prepare it again'
    if clip.get('label') is not None and not is_label(clip['label']):
        return f'has the label {shown(clip["label"])}, not an integer from 0 to {MOST_CLASSES - 1}: prepare it again'
    if 'keypoint' not in clip:
        return 'has no keypoint: prepare it again'
    return keypoint_fault(clip['keypoint'], layout) or _picture_fault(clip) or _score_fault(clip)


def keypoint_fault(keypoint: Any, layout: Optional[SkeletonLayout] = None) -> Optional[str]:
    """Say what is wrong with the keypoints of a clip and what to do; see :func:`clip_fault`."""
    if not isinstance(keypoint, np.ndarray):
        return 'has keypoints that are not an array: prepare it again'
    if keypoint.ndim != 4 or keypoint.shape[-1] not in (2, 3):
        return f'has keypoints of shape {keypoint.shape}, not (M, T, V, 2 or 3): {_likely_axes(keypoint.shape)}'
    if keypoint.dtype.kind not in 'fiu':
        return f'has keypoints of type {keypoint.dtype}, not real numbers: prepare it again'
    if layout is not None and keypoint.shape[2] != layout.num_joints:
        return (f'has {keypoint.shape[2]} joints, but layout "{layout.name}" has {layout.num_joints}: '
                'set the matching layout')
    as_used = to_float32(keypoint)
    fault = coordinate_fault(as_used)
    if fault:
        return f'{fault}: repair it, or leave it out of the split'
    return None if as_used.any() else 'is empty: leave it out of the split'


def _likely_axes(shape: Tuple[int, ...]) -> str:
    """Guess the axes of keypoints of an unexpected shape, and say what to do."""
    if len(shape) == 3 and shape[-1] in (2, 3):
        return 'the axis of persons is missing, so add it with keypoint[None]'
    if len(shape) == 4 and shape[0] in (2, 3) and shape[-1] == 1:
        return 'if they are (C, T, V, M), use keypoint.transpose(3, 1, 2, 0)'
    if len(shape) == 4 and shape[-1] == 4:
        return 'keep three coordinates, and put a score into keypoint_score'
    return 'the axes must be persons, frames, joints and coordinates, in this order'


def coordinate_fault(coordinates: np.ndarray) -> Optional[str]:
    """Say what is wrong with coordinates (float32, any shape), as the rest of a sentence; None if they are valid."""
    if not np.isfinite(coordinates).all():
        return 'has NaN or infinite coordinates'
    farthest = float(np.abs(coordinates).max(initial=0))
    return f'has a coordinate of {farthest:.3g}, which is too large for any unit' if farthest >= FARTHEST else None


def to_float32(numbers: np.ndarray) -> np.ndarray:
    """Convert numbers to float32. Numbers that are too large become infinite, without a warning."""
    with np.errstate(over='ignore'):
        return numbers.astype(np.float32, copy=False)


def _picture_fault(clip: Mapping) -> Optional[str]:
    """Check the image size of a 2-D pose, which is optional and used for normalisation."""
    size = clip.get('img_shape', (1, 1))
    plain = isinstance(size, (tuple, list)) and len(size) == 2 and all(is_label(side) and side for side in size)
    if plain or clip['keypoint'].shape[-1] == 3:
        return None
    return 'has an img_shape that is not (height, width) in pixels: prepare it again'


def _score_fault(clip: Mapping) -> Optional[str]:
    """Check the scores of the joints, which are optional."""
    score = clip.get('keypoint_score')
    if score is None or isinstance(score, np.ndarray) and score.dtype.kind in 'fiu' and (
            score.shape == clip['keypoint'].shape[:3]):
        return None
    what = f'of shape {score.shape}' if isinstance(score, np.ndarray) else 'that is not an array'
    return f'has a keypoint_score {what}, not numbers (M, T, V) like its keypoints: prepare it again'


def is_label(value: Any) -> bool:
    """Return whether a value is a class number, as a Python or numpy integer."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and 0 <= int(value) < MOST_CLASSES


def is_name(value: Any) -> bool:
    """Return whether a value can be the name of a clip: one line of printable text."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def are_names(values: Any) -> bool:
    """Return whether values are a list of names, as a Python sequence or numpy array."""
    is_list = isinstance(values, (list, tuple)) or isinstance(values, np.ndarray) and values.ndim == 1
    return is_list and all(map(is_name, values))


def clip_name(clip: Mapping) -> Any:
    """Return the name of a clip; MMAction2 allows either key."""
    return clip.get('frame_dir', clip.get('filename'))


def label_of(clip: Mapping) -> int:
    """Return the label of a valid clip, or ``UNLABELLED`` if it has none."""
    label = clip.get('label')
    return UNLABELLED if label is None else int(label)


def shown(value: Any) -> str:
    """Format a value from a file for a message: short, and printable whatever the value is."""
    if is_name(value) and len(value) <= 100:
        return repr(str(value))
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (bool, float, complex, type(None))) or isinstance(value, int) and abs(value) < 1 << 64:
        return repr(value)
    return f'({type(value).__name__})'


def named(clip: Mapping) -> str:
    """Format the name of a clip for a message."""
    name = clip_name(clip)
    return str(name) if is_name(name) else shown(name)
