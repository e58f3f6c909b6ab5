"""Pack skeletons into text: 16-bit integers in base64."""

import base64
from typing import Any, Dict, List, NamedTuple

import numpy as np

from ..structures import SkeletonLayout
from ..visualization.upright import upright

FRAMES = 32  # most frames kept of a clip
ABSENT = -32768  # coordinate of a joint that was not seen
LARGEST = 32767


class PackedClip(NamedTuple):
    """A clip for the player.

    Args:
        text: Base64 of int16 (M, T, V, C), little-endian. A coordinate is the integer times ``radius`` / 32767 times
            ``reach``; -32768 stands for a joint that was not seen.
        persons: Number of persons M.
        frames: Number of frames T.
        reach: Largest distance of a coordinate from the center, in units of the radius shown by the player.
    """

    text: str
    persons: int
    frames: int
    reach: float


def pack(keypoint: np.ndarray, up: int = 2, frames: int = FRAMES) -> PackedClip:
    """Pack a clip (M, T, V, C): evenly spaced frames, centered, with the visible persons only.

    The middle 98 % of the joints lie within the radius that the player shows.
    """
    times = np.unique(np.linspace(0, keypoint.shape[1] - 1, frames).round().astype(int))
    clip = np.asarray(keypoint, np.float32)[:, times]
    clip = clip[clip.any((1, 2, 3))] if clip.any() else clip[:1]
    seen = clip.any(-1)
    clip = upright(clip, up)
    if seen.any():
        low, high = np.percentile(clip[seen], (1, 99), axis=0)
        clip = clip - ((low + high) / 2).astype(np.float32)
        radius = float(max((high - low)[:2].max() / 2, 1e-6))
        far = float(np.abs(clip[seen]).max(initial=1e-6))
    else:
        radius = far = 1.0
    whole = np.round(clip / far * LARGEST).astype('<i2')
    whole[~seen] = ABSENT
    return PackedClip(base64.b64encode(whole.tobytes()).decode('ascii'), len(clip), len(times), round(far / radius, 4))


def skeleton_of(layout: SkeletonLayout, channels: int) -> Dict[str, Any]:
    """Describe a skeleton for the player: joints, coordinates, and bones (joint, parent, side).

    The side is 1 for the left of the body, 2 for the right, 0 for neither.
    """
    sides: Dict[int, int] = {}
    for left, right in layout.pairs:
        sides[left], sides[right] = 1, 2
    bones: List[List[int]] = [[joint, parent, sides.get(joint, 0)] for joint, parent in layout.edges]
    return dict(joints=layout.num_joints, channels=channels, bones=bones, absent=ABSENT)
