"""Normalisation of 2-D poses."""

from typing import Optional, Tuple

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...errors import UserError
from .normalize import check_lost_joints

BOXES = ('image', 'body')
HIGHEST_SCORE = 2.0  # a heat map may exceed 1 a little


@TRANSFORMS.register_module()
class NormalizePose2D(BaseTransform):
    """Scale 2-D poses from pixels to about [-1, 1]. Joints of low confidence become absent.

    With the default arguments, this is MMAction2's ``PreNormalize2D``, except that absent joints and persons, whose
    coordinates are all zero, stay at zero. MMAction2's transform moves them to the corner (-1, -1). The arrays of the
    caller are not modified.

    Required Keys:
        - keypoint
        - keypoint_score (optional)
        - img_shape (optional)

    Modified Keys:
        - keypoint

    Args:
        img_shape: (height, width) of the video in pixels, if the clip does not give it. Defaults to (1080, 1920).
        box: What is scaled to [-1, 1]. 'image', the default, scales width and height of the image. 'body' scales the
            smallest square around all joints of the clip, so that place and size in the image do not matter; it does
            not use the size of the image.
        score_thr: Joints whose score is below this are treated as absent. Clips without scores are not affected.
            Defaults to 0.
        with_score: Whether to add the score as a third channel. It is zero for absent joints, and one for joints of
            clips without scores. Defaults to False.
        lost_joints: 'absent', the default, leaves undetected joints at zero. 'interpolate' takes their positions from
            the frames in which they were detected, while the person is in the picture. 'released' moves them, as in
            MMAction2.

    Raises:
        UserError: if ``box`` or ``lost_joints`` is invalid, or the third number of a joint is not a score.
    """

    def __init__(self,
                 img_shape: Tuple[int, int] = (1080, 1920),
                 box: str = 'image',
                 score_thr: float = 0.0,
                 with_score: bool = False,
                 lost_joints: str = 'absent') -> None:
        if box not in BOXES:
            raise UserError(f"box must be 'image' or 'body', got {box!r}")
        self.img_shape, self.box = tuple(img_shape), box
        self.score_thr, self.with_score = score_thr, with_score
        self.lost_joints = lost_joints if lost_joints == 'interpolate' else check_lost_joints(lost_joints)

    def transform(self, results: dict) -> dict:
        """Normalise ``results['keypoint']`` to float32: one clip (M, T, V, 2), or (M, T, V, 3) with its scores."""
        keypoint = np.asarray(results['keypoint'], dtype=np.float32)
        score = results.get('keypoint_score')
        if keypoint.shape[-1] == 3:
            score = keypoint[..., 2]
            if not (-1e-3 < score.min() and score.max() < HIGHEST_SCORE):
                raise UserError('2-D poses need x, y and, optionally, a score from 0 to 1, but the third number is '
                                f'from {score.min():.3g} to {score.max():.3g}: use an encoder for 3-D poses')
        pose = keypoint[..., :2]
        there: np.ndarray = np.any(pose, -1)
        if score is None:
            score = there.astype(np.float32)
        else:
            score = np.nan_to_num(np.asarray(score, dtype=np.float32))
            there = there & (score >= self.score_thr)
        shown = there
        if self.lost_joints == 'interpolate':
            pose, shown = interpolate_joints(pose, there)
        center, half = self._body(pose[there]) if self.box == 'body' else self._image(results.get('img_shape'))
        pose = (pose - center) / half
        if self.lost_joints != 'released':
            pose = np.where(shown[..., None], pose, 0)
        if self.with_score:
            pose = np.concatenate([pose, np.where(there, score, 0)[..., None]], -1)
        return dict(results, keypoint=np.ascontiguousarray(pose, dtype=np.float32))

    def _image(self, img_shape: Optional[Tuple[int, int]]) -> Tuple[np.ndarray, np.ndarray]:
        """Return the centre (x, y) of the image and half of its width and height."""
        height, width = img_shape if img_shape is not None else self.img_shape
        half = np.array([width, height], np.float32) / 2
        return half, half

    @staticmethod
    def _body(points: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return the centre (x, y) of the smallest square around points (n, 2) and half of its side."""
        if not len(points):
            return np.zeros(2, np.float32), np.ones(1, np.float32)
        low, high = points.min(0), points.max(0)
        half = (high - low).max(keepdims=True) / 2
        return (low + high) / 2, np.where(half > 0, half, 1)

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(img_shape={self.img_shape}, box={self.box!r}, score_thr={self.score_thr}, '
                f'with_score={self.with_score}, lost_joints={self.lost_joints!r})')


def interpolate_joints(pose: np.ndarray, there: np.ndarray) -> 'tuple[np.ndarray, np.ndarray]':
    """Interpolate undetected joints linearly in time, in the frames in which the person has any joint.

    Before its first and after its last detection, a joint has the position that it has there.

    Args:
        pose: (M, T, V, C).
        there: (M, T, V), whether a joint was detected.

    Returns:
        The poses, and which joints have a position: all joints that are detected in any frame of the clip.
    """
    pose = pose.copy()
    shown: np.ndarray = np.any(there, 2, keepdims=True) & np.any(there, 1, keepdims=True)
    frames = np.arange(pose.shape[1])
    for person, joint in np.argwhere((shown & ~there).any(1)):
        known = there[person, :, joint]
        for axis in range(pose.shape[-1]):
            values = pose[person, :, joint, axis]
            pose[person, :, joint, axis] = np.interp(frames, frames[known], values[known])
    return pose, shown
