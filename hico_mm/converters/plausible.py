"""Warnings about recordings that can be used, but are probably not what is intended."""

from typing import Iterator, List, Sequence

import numpy as np

from ..structures import SkeletonLayout

SHORTEST_BONE = 0.005  # metres; the median bone of a person is about 0.2
FRAMES = 8  # number of frames examined per clip


def implausible(clips: Sequence[dict], layout: SkeletonLayout) -> Iterator[str]:
    """Yield warnings about clips: upside down, units, size of the picture, frame rates."""
    poses = [_poses(clip['keypoint']) for clip in clips]
    flat = clips[0]['keypoint'].shape[-1] == 2
    if len({clip['keypoint'].shape[-1] for clip in clips}) > 1:
        yield 'some clips have 2 coordinates and some have 3: convert them to different files'
    turned = [clip['frame_dir'] for clip, pose in zip(clips, poses) if _is_upside_down(pose, layout)]
    if turned:
        up = 'the picture, so y grows upwards' if flat else 'space, so y grows downwards, as in pictures'
        apart = '' if len(turned) == len(clips) else ' for these files alone'
        yield (f'{len(turned)} of the {len(clips)} clips show persons upside down in {up}: if they do not stand on '
               f'their heads, use --upside-down{apart}; one is {turned[0]}')
    if not flat:
        short = [clip['frame_dir'] for clip, pose in zip(clips, poses)
                 if 0 < _median_bone(pose, layout) < SHORTEST_BONE]
        if short:
            yield (f'{len(short)} of the {len(clips)} clips have bones shorter than {1000 * SHORTEST_BONE:g} mm, so '
                   f'they do not seem to be in metres: use --scale, for example --scale 1000 for kilometres; one is '
                   f'{short[0]}')
    elif not all('img_shape' in clip for clip in clips):
        largest = max(float(np.abs(clip['keypoint']).max()) for clip in clips)
        size = '1 1, since all coordinates are below 2' if largest < 2 else 'HEIGHT WIDTH'
        yield ('the size of the pictures is not known, and 1080 x 1920 would be assumed in training: give it with '
               f'--img-shape {size}')
    rates = sorted((round(float(clip['fps']), 1), clip['frame_dir']) for clip in clips if clip.get('fps'))
    if rates and rates[-1][0] > 1.1 * rates[0][0]:
        (slow, first), (fast, last) = rates[0], rates[-1]
        yield (f'the clips have from {slow:g} ({first}) to {fast:g} ({last}) frames per second: the same action then '
               f'looks slower or faster, so bring them to one frame rate with --resample-fps {slow:g}')


def _poses(keypoint: np.ndarray) -> np.ndarray:
    """Return the poses (n, V, C) of all persons in a few frames of a clip."""
    frames = np.linspace(0, keypoint.shape[1] - 1, FRAMES).astype(int)
    return keypoint[:, frames].reshape(-1, *keypoint.shape[2:]).astype(np.float64)


def _vectors(poses: np.ndarray, start: List[int], end: List[int]) -> np.ndarray:
    """Return the vectors (n, C) between joints that were both detected."""
    there: np.ndarray = np.any(poses, -1)
    return (poses[:, end] - poses[:, start])[there[:, start] & there[:, end]]


def _is_upside_down(poses: np.ndarray, layout: SkeletonLayout) -> bool:
    """Return whether the spine mostly points the wrong way: against y in space, with y in a picture."""
    if layout.spine is None:
        return False
    spines = _vectors(poses, [layout.spine[0]], [layout.spine[1]])
    if not len(spines):
        return False
    middle = np.median(spines, 0)
    wrong = middle[1] if poses.shape[-1] == 2 else -middle[1]
    return bool(wrong > 0.7 * np.linalg.norm(middle))


def _median_bone(poses: np.ndarray, layout: SkeletonLayout) -> float:
    """Return the median length of the bones whose ends were both detected, or 0."""
    joints, parents = map(list, zip(*layout.edges))
    bones = _vectors(poses, parents, joints)
    return float(np.median(np.linalg.norm(bones, axis=1))) if len(bones) else 0.0
