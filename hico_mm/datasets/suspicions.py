"""Warnings about clips whose content is allowed but probably not intended."""

from typing import Iterator, List, Optional, Sequence

import numpy as np

from ..structures import SkeletonLayout
from .checks import UNLABELLED, label_of, named

LONGEST_BONE = 10.0  # metres; the median bone of a person is about 0.2
NO_LABEL = 'have no label: they can only be used for pretraining and encoding'
FRAMES = 8  # number of frames examined per clip


def suspicions(clips: Sequence[dict], layout: Optional[SkeletonLayout], classes: Optional[List[str]]) -> Iterator[str]:
    """Yield warnings about valid clips, with counts.

    Args:
        clips: Annotated clips.
        layout: Their skeleton, or None if not known.
        classes: Names of the classes, or None if not known.
    """
    units = wrong_units([clip['keypoint'] for clip in clips], layout, list(map(named, clips)))
    if units:
        yield units
    beyond = [label for label in map(label_of, clips) if classes is not None and label >= len(classes)]
    if beyond:
        yield (f'{len(beyond)} of the {len(clips)} clips have labels up to {max(beyond)}, but "classes" names only '
               f'{len(classes or ())}: correct the labels or the names')
    unlabelled = [named(clip) for clip in clips if label_of(clip) == UNLABELLED]
    if unlabelled:
        yield f'{len(unlabelled)} of the {len(clips)} clips {NO_LABEL}' + (
            f'; one is {unlabelled[0]}' if len(unlabelled) < len(clips) else '')


def wrong_units(keypoints: Sequence[np.ndarray], layout: Optional[SkeletonLayout],
                names: Sequence[str] = ()) -> Optional[str]:
    """Return a warning if 3-D clips (M, T, V, 3) do not seem to be in metres; None for other layouts and clips.

    Bone lengths are measured between tracked joints in a few frames. Only layouts with a spine and shoulders are
    checked, since they describe a body in 3-D space. Without a layout, distances between consecutive joints are used
    instead of bones. If the names of the clips are given, the warning has one of them.
    """
    if layout is not None and (layout.spine is None or layout.shoulders is None):
        return None
    solid = [i for i, keypoint in enumerate(keypoints) if keypoint.shape[-1] == 3 and keypoint.shape[2] > 1]
    lengths = {i: _median_bone(keypoints[i], layout or _chain(keypoints[i].shape[2])) for i in solid}
    long = {i: length for i, length in lengths.items() if length > LONGEST_BONE}
    if not long:
        return None
    example = f'; one is {names[min(long)]}' if names else ''
    length = np.median(list(long.values()))
    return (f'{len(long)} of the {len(keypoints)} clips have bones with a median length of {length:.3g}, as '
            'in millimetres, centimetres or pixels: the settings here are for metres, so divide by 1000 or 100, as '
            f'hico-mm convert does with --scale 0.001 or 0.01{example}')


def _chain(num_joints: int) -> SkeletonLayout:
    """Make a layout in which the parent of each joint is the joint before it."""
    return SkeletonLayout('chain', (0, *range(num_joints - 1)), 0)


def _median_bone(keypoint: np.ndarray, layout: SkeletonLayout) -> float:
    """Return the median bone length in a few frames of a clip, or 0 if no bone has both ends tracked."""
    frames = np.linspace(0, keypoint.shape[1] - 1, FRAMES).astype(int)
    poses = keypoint[:, frames].astype(np.float64)
    joints, parents = map(list, zip(*layout.edges))
    tracked: np.ndarray = np.any(poses, -1)
    lengths = np.linalg.norm(poses[:, :, joints] - poses[:, :, parents], axis=-1)
    seen = lengths[tracked[:, :, joints] & tracked[:, :, parents]]
    return float(np.median(seen)) if len(seen) else 0.0
