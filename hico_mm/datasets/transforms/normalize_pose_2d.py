"""Normalisation of 2-D poses."""

from typing import Tuple

import numpy as np
from mmaction.datasets.transforms import PreNormalize2D
from mmaction.registry import TRANSFORMS

from .normalize import check_lost_joints


@TRANSFORMS.register_module()
class NormalizePose2D(PreNormalize2D):
    """MMAction2's ``PreNormalize2D`` (pixels to [-1, 1]), except that undetected joints stay at zero.

    The coordinates of an absent joint or person are all zero. MMAction2's transform moves them to the corner (-1, -1).

    Required Keys:
        - keypoint
        - img_shape (optional)

    Modified Keys:
        - keypoint

    Args:
        img_shape: (height, width) of the video in pixels, if the clip does not give it. Defaults to (1080, 1920).
        lost_joints: 'absent', the default, leaves undetected joints at zero; 'released' moves them, as in MMAction2.

    Raises:
        UserError: if ``lost_joints`` is neither of these.
    """

    def __init__(self, img_shape: Tuple[int, int] = (1080, 1920), lost_joints: str = 'absent') -> None:
        super().__init__(img_shape)
        self.lost_joints = check_lost_joints(lost_joints)

    def transform(self, results: dict) -> dict:
        """Normalise ``results['keypoint']``, one clip (M, T, V, 2)."""
        absent = ~np.any(results['keypoint'], axis=-1)
        results = super().transform(dict(results, keypoint=results['keypoint'].copy()))
        if self.lost_joints == 'absent':
            results['keypoint'][absent] = 0
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(img_shape={self.img_shape}, lost_joints={self.lost_joints!r})'
