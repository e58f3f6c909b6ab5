"""Normalisation of a clip: fill empty frames, center, align."""

from typing import Tuple, Union

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...errors import UserError
from ...structures import SkeletonLayout, get_layout


def fill_empty_frames(person: np.ndarray) -> np.ndarray:
    """Fill frames in which a person is absent (all zero).

    If the first frame is empty, all empty frames are removed. Then empty frames at the end are filled by repeating the
    preceding frames in a loop. Other empty frames are left unchanged.

    Args:
        person: (T, V, C).

    Returns:
        (T, V, C); a copy if any frame was filled.
    """
    present: np.ndarray = np.any(person, axis=(1, 2))
    if not present.any() or present[-1] and present[0]:
        return person
    person = person[present] if not present[0] else person[:present.nonzero()[0][-1] + 1]
    return person[np.arange(len(present)) % len(person)]


def rotation_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the smallest rotation (3, 3) from the direction of a to that of b; the identity if either is zero."""
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    if norms < 1e-12:
        return np.eye(3)
    cosine = float(np.dot(a, b) / norms)
    if cosine < -1 + 1e-9:  # half a turn, about any axis perpendicular to a
        axis = np.cross(a, np.eye(3)[np.abs(a).argmin()])
        axis /= np.linalg.norm(axis)
        return 2 * np.outer(axis, axis) - np.eye(3)
    x, y, z = np.cross(a, b) / norms
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def released_rotation(spine: np.ndarray, shoulders: np.ndarray) -> np.ndarray:
    """Return the rotation (3, 3) that turns the spine (3,) to +z and then the shoulders (3,) to +x.

    Both turns are as small as possible. A vector of zero length is left out.
    """
    turn = np.eye(3)
    for vector, axis in ((spine, (0, 0, 1)), (shoulders, (1, 0, 0))):
        turn = rotation_between(turn @ vector, np.array(axis)) @ turn
    return turn


def body_rotation(spine: np.ndarray, shoulders: np.ndarray) -> np.ndarray:
    """Return the rotation (3, 3) that turns the spine (3,) to +z, and the shoulders (3,) to the x-z plane, x > 0.

    If one of them is zero, or they are parallel, the missing direction is turned by the smallest rotation.
    """
    across = shoulders - spine * (shoulders @ spine) / max(spine @ spine, 1e-12)
    if np.linalg.norm(spine) < 1e-6 or np.linalg.norm(across) < 1e-6:
        return released_rotation(spine, across)
    z, x = spine / np.linalg.norm(spine), across / np.linalg.norm(across)
    return np.stack([x, np.cross(z, x), z])


def median_vector(frames: np.ndarray, start: int, end: int) -> np.ndarray:
    """Return the median over frames (T, V, C) of the vector (C,) between two joints, or zero without frames."""
    return np.median(frames[:, end].astype(np.float64) - frames[:, start], 0) if len(frames) else np.zeros(3)


def nearest_frames(known: np.ndarray) -> np.ndarray:
    """Return for each frame (T,) the nearest frame whose flag in ``known`` (T,) is set, the earlier of two."""
    frames, every = known.nonzero()[0], np.arange(len(known))
    after = np.searchsorted(frames, every).clip(max=len(frames) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(frames[before] - every) <= np.abs(frames[after] - every), frames[before], frames[after])


def check_lost_joints(lost_joints: str) -> str:
    """Check the argument ``lost_joints`` of a normalisation.

    Raises:
        UserError: if it is neither 'absent' nor 'released'.
    """
    if lost_joints not in ('absent', 'released'):
        raise UserError(f"lost_joints must be 'absent' or 'released', got {lost_joints!r}")
    return lost_joints


@TRANSFORMS.register_module()
class NormalizeSkeleton(BaseTransform):
    """Fill empty frames, move a joint to the origin and align the body with the axes, as in the released code.

    The rotation is found in the first person. As released, it turns the spine of the first frame to +z and then the
    shoulders to +x, each by the smallest rotation. Absent joints (all zero) stay zero.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint

    Args:
        layout: Skeleton layout, a name or a dict, which defines the joints to use. Defaults to 'ntu'.
        center: 'frame', the default and as released, centers every frame on the first person's center joint in that
            frame; 'first_frame' centers the clip on this joint in the first frame, which keeps the body's path.
        align: Whether to rotate, and how. True, the default, is as released. 'body' and 'upright' use the median of the
            spine and of the shoulders over all frames in which they were found, which does not depend on noise in a
            single frame. 'body' turns the spine to +z and the part of the shoulders perpendicular to it to +x, so the
            result does not depend on the camera's direction. 'upright' is the same with the vertical of the data in
            place of the spine: the axis, x, y or z in either direction, that is nearest to it. So it keeps the
            direction of gravity, if the camera is level. False does not rotate.
        lost_joints: How to handle undetected joints (all zero) that are needed to center or rotate. 'absent', the
            default, centers on the joint in the nearest frame that has it, and rotates by the first frame that has all
            spine and shoulder joints. If the center joint is zero in all frames, the clip counts as already centered.
            'released' uses zero as the joint's position, as the released code does. Without lost joints, both give
            bitwise equal results.

    Raises:
        UserError: if ``center``, ``align`` or ``lost_joints`` is invalid, or if ``align`` is set for a layout without
            spine and shoulders.
    """

    def __init__(self,
                 layout: Union[str, dict, SkeletonLayout] = 'ntu',
                 center: str = 'frame',
                 align: Union[bool, str] = True,
                 lost_joints: str = 'absent') -> None:
        self.layout, self.center = get_layout(layout), center
        self.align = align if isinstance(align, str) else bool(align)
        self.lost_joints = check_lost_joints(lost_joints)
        if center not in ('frame', 'first_frame'):
            raise UserError(f"center must be 'frame' or 'first_frame', got {center!r}")
        if align not in (True, False, 'body', 'upright'):
            raise UserError(f"align must be True, False, 'body' or 'upright', got {align!r}")
        if align and not (self.layout.spine and self.layout.shoulders):
            raise UserError(f'layout "{self.layout.name}" has no spine and shoulders to align by: set align=False')

    def transform(self, results: dict) -> dict:
        """Normalise ``results['keypoint']``, one clip (M, T, V, C), to float32."""
        keypoint = np.asarray(results['keypoint'], dtype=np.float32)
        if keypoint.shape[2] != self.layout.num_joints:
            raise UserError(f'the clip has {keypoint.shape[2]} joints, but NormalizeSkeleton is set to layout '
                            f'"{self.layout.name}" of {self.layout.num_joints}: set the matching layout')
        clip = np.stack([fill_empty_frames(person) for person in keypoint])
        known: np.ndarray = np.any(clip, axis=-1)
        there = known[..., None].copy()
        if not known[0, :, self.layout.center].any():
            known[0, :, self.layout.center] = True  # the clip is already centered
        origin = self.origin(clip[0], known[0])
        origin = origin[:, None] if self.center == 'frame' else origin[:1, None]
        clip = np.where(there, clip - origin, 0)
        if self.align:
            turn = released_rotation if self.align is True else body_rotation
            clip = clip @ turn(*self.vectors(clip[0], known[0])).T
        results['keypoint'] = clip.astype(np.float32)
        return results

    def origin(self, person: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the center (T, C) of each frame, given a person (T, V, C) and flags (T, V) of known joints."""
        center, known = person[:, self.layout.center], known[:, self.layout.center]
        return center if self.lost_joints == 'released' else center[nearest_frames(known)]

    def pose(self, person: np.ndarray, known: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return the pose (V, C) to align by, and flags (V,) of its known joints."""
        if self.lost_joints == 'released':
            return person[0], np.ones_like(known[0])
        complete = known[:, [*(self.layout.spine or ()), *(self.layout.shoulders or ())]].all(1)
        frame = int(complete.argmax())  # the first frame if none is complete
        return person[frame], known[frame]

    def vectors(self, person: np.ndarray, known: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return spine and shoulders (3,) by which a person (T, V, 3) is aligned, given flags (T, V) of known joints.

        They are medians over the frames in which both joints of the pair are known, or zero if there is none.

        Raises:
            UserError: if the joints are not 3-D.
        """
        if person.shape[-1] != 3:
            raise UserError(f'view alignment needs 3-D keypoints, but the clips have {person.shape[-1]} coordinates: '
                            'for 2-D poses set load_pipeline=[dict(type="NormalizePose2D")] in each dataset and '
                            'model.data_preprocessor.in_channels=2')
        if self.align is True:
            person, known = (array[None] for array in self.pose(person, known))
        pairs = self.layout.spine or (0, 0), self.layout.shoulders or (0, 0)
        spine, shoulders = (median_vector(person[known[:, start] & known[:, end]], start, end) for start, end in pairs)
        if self.align == 'upright':
            axis = int(np.abs(spine).argmax())
            spine = np.sign(spine[axis]) * np.eye(3)[axis]
        return spine, shoulders

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(layout={self.layout.name!r}, center={self.center!r}, align={self.align!r}, '
                f'lost_joints={self.lost_joints!r})')
