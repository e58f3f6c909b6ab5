"""Find which way is up in a clip, and turn it that way."""

from typing import Dict, Sequence, Set

import numpy as np

from ..structures import SkeletonLayout

FRAMES = 50  # of a clip that are looked at
UPS = {f'{sign}{letter}': int(f'{sign}{axis}') for axis, letter in enumerate('xyz', 1) for sign in ('', '-')}


def up_text(up: int) -> str:
    """Return the name of an axis that points up, such as 'z', or '-y' if y points down."""
    return next(name for name, axis in UPS.items() if axis == up)


def known_joints(clip: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """Return which joints (M, T, V) of a clip (M, T, V, C) are there: those that are not at zero.

    The center joint of a person is always at zero if the clip is centered on it. Then it is there when the person is.
    """
    known: np.ndarray = np.any(clip, -1)
    centered = ~known[:, :, layout.center].any(1)
    known[centered, :, layout.center] = known[centered].any(2)
    return known


def upright(keypoint: np.ndarray, up: int) -> np.ndarray:
    """Return keypoints (..., C) whose second axis points up.

    Args:
        keypoint: The keypoints; 2-D ones are pixels, whose y points down.
        up: The axis that points up, counted from 1, and negative if it points down.
    """
    if keypoint.shape[-1] == 2:
        return keypoint * np.array([1, -1], np.float32)
    axis, sign = abs(up) - 1, np.sign(up)
    order = {0: (1, 0, 2), 1: (0, 1, 2), 2: (0, 2, 1)}[axis]
    signs = np.array({0: (-sign, sign, 1), 1: (1, sign, sign), 2: (1, sign, -sign)}[axis], np.float32)  # rotations
    return keypoint[..., order] * signs


def _upper_joints(layout: SkeletonLayout) -> np.ndarray:
    """Return which joints (V,) are above the spine: those that the bones connect to its upper end sooner.

    Many joints say where a body stands, even if some of them are lost or wrong.
    """
    assert layout.spine is not None
    near: Dict[int, Set[int]] = {joint: set() for joint in range(layout.num_joints)}
    for joint, parent in layout.edges:
        near[joint].add(parent)
        near[parent].add(joint)
    steps = []
    for end in layout.spine:
        found, edge = {end: 0}, [end]
        while edge:
            edge = [joint for joint in {other for one in edge for other in near[one]} if joint not in found]
            found.update({joint: max(found.values()) + 1 for joint in edge})
        steps.append([found.get(joint, layout.num_joints) for joint in range(layout.num_joints)])
    low, high = np.array(steps)
    return np.asarray(high < low)


def up_axis(clips: Sequence[np.ndarray], layout: SkeletonLayout, most: int = 200) -> int:
    """Find the axis along which most bodies stand, counted from 1, and negative if it points down.

    Args:
        clips: Clips (M, T, V, C).
        layout: Their skeleton. Without a spine, the axis is y.
        most: Number of clips to look at. Defaults to 200.
    """
    if layout.spine is None or not len(clips) or clips[0].shape[-1] == 2:
        return 2
    upper = _upper_joints(layout)
    total = np.zeros(3)
    for clip in clips[::-(-len(clips) // most)]:
        known = known_joints(clip, layout)
        some = slice(None, None, -(-clip.shape[1] // FRAMES))
        seen = (known[:, some][..., upper].any(-1) & known[:, some][..., ~upper].any(-1))
        joints = np.where(known[:, some, :, None], clip[:, some], np.nan)[seen]
        spines = np.nanmedian(joints[:, upper], 1) - np.nanmedian(joints[:, ~upper], 1)
        spines = spines / np.maximum(np.linalg.norm(spines, axis=-1, keepdims=True), 1e-12)
        total += np.median(spines, 0) if len(spines) else 0
    axis = int(np.abs(total).argmax())
    return (axis + 1) * (1 if total[axis] >= 0 else -1) if total.any() else 2
