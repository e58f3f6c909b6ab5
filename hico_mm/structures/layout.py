"""Skeleton layouts: the single place where joints are defined."""

from dataclasses import dataclass, field
from itertools import chain
from numbers import Integral
from typing import Any, Dict, List, Optional, Tuple, Union

from ..errors import UserError


@dataclass(frozen=True)
class SkeletonLayout:
    """The joints of a skeleton and their connections. Joints are numbered from 0.

    Args:
        name: Name of the layout.
        parents: For each joint, the joint at which its bone starts. A root is its own parent and has a zero bone.
        center: The joint that normalisation moves to the origin.
        spine: Joints (a, b) whose vector a -> b normalisation turns to +z; None if the layout has no such pair.
        shoulders: Joints (a, b) whose vector a -> b normalisation turns to +x; None if the layout has no such pair.
        pairs: (left, right) joints that mirror each other, for drawing. Layouts that only differ in this are equal.
            Defaults to none.

    Raises:
        UserError: if a joint is not a whole number, or outside the skeleton; or if spine, shoulders or a pair are not
            two different joints.
    """

    name: str
    parents: Tuple[int, ...]
    center: int
    spine: Optional[Tuple[int, int]] = None
    shoulders: Optional[Tuple[int, int]] = None
    pairs: Tuple[Tuple[int, int], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        couples = [couple for couple in (self.spine, self.shoulders, *self.pairs) if couple is not None]
        used = (*self.parents, self.center, *chain(*couples))
        wrong = [joint for joint in used if not isinstance(joint, Integral) or isinstance(joint, bool)]
        if wrong:
            raise UserError(f'layout "{self.name}" has {wrong[0]!r} in place of a joint: joints are whole numbers '
                            'from 0')
        alone = [couple for couple in couples if len(couple) != 2 or couple[0] == couple[1]]
        if alone:
            raise UserError(f'layout "{self.name}" has {list(alone[0])} as spine, shoulders or pair: each of them is '
                            'two different joints')
        if not all(0 <= joint < len(self.parents) for joint in used):
            raise UserError(f'layout "{self.name}" has {len(self.parents)} joints, but names a joint outside '
                             f'0..{len(self.parents) - 1}: {sorted(set(used) - set(range(len(self.parents))))}')

    @property
    def num_joints(self) -> int:
        """Number of joints V."""
        return len(self.parents)

    @property
    def edges(self) -> List[Tuple[int, int]]:
        """(joint, parent) pairs; roots have none."""
        return [(joint, parent) for joint, parent in enumerate(self.parents) if joint != parent]


LIMBS = tuple((left, left + 4) for left in (4, 5, 6, 7, 12, 13, 14, 15))  # for both Kinects: arms, then legs
LAYOUTS: Dict[str, SkeletonLayout] = {
    layout.name: layout
    for layout in (
        # Kinect v2: NTU RGB+D 60/120, PKU-MMD. Root of the bones: 20, the spine at the shoulders.
        SkeletonLayout(
            'ntu', (1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 20, 22, 7, 24, 11),
            center=1, spine=(0, 1), shoulders=(4, 8), pairs=(*LIMBS, (21, 23), (22, 24))),
        # Kinect v1: Northwestern-UCLA. Root of the bones: 2, the shoulder center.
        SkeletonLayout(
            'nw_ucla', (1, 2, 2, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18),
            center=1, spine=(0, 1), shoulders=(4, 8), pairs=LIMBS),
        # COCO keypoints, as in MMAction2's 2-D pose annotations. Root of the bones: 0, the nose. There is no joint on
        # the spine: the left hip and the left shoulder take its place.
        SkeletonLayout('coco', (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 0, 0, 11, 12, 13, 14), center=0, spine=(11, 5),
                       shoulders=(5, 6), pairs=tuple((joint, joint + 1) for joint in range(1, 17, 2))),
        # OpenPose's BODY_25. Root of the bones: 1, the neck. Center: 8, the middle of the hips.
        SkeletonLayout(
            'openpose_body25', (1, 1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 10, 8, 12, 13, 0, 0, 15, 16, 14, 19, 14, 11, 22, 11),
            center=8, spine=(8, 1), shoulders=(5, 2),
            pairs=((5, 2), (6, 3), (7, 4), (12, 9), (13, 10), (14, 11), (16, 15), (18, 17), (19, 22), (20, 23),
                   (21, 24))),
        # OpenPose's COCO model with a neck, with the bones of MMAction2. Spine: the left hip and the left shoulder.
        SkeletonLayout(
            'openpose_coco18', (0, 0, 1, 2, 3, 1, 5, 6, 2, 8, 9, 5, 11, 12, 0, 0, 14, 15), center=1, spine=(11, 5),
            shoulders=(5, 2), pairs=((5, 2), (6, 3), (7, 4), (11, 8), (12, 9), (13, 10), (15, 14), (17, 16))),
        # MediaPipe Pose. Root of the bones: 0, the nose. Center: 23, the left hip. Spine: left hip and left shoulder.
        SkeletonLayout(
            'mediapipe',
            (0, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 15, 16, 15, 16, 11, 12, 23, 24, 25, 26, 27,
             28, 27, 28),
            center=23, spine=(23, 11), shoulders=(11, 12),
            pairs=((1, 4), (2, 5), (3, 6), *((joint, joint + 1) for joint in range(7, 33, 2)))),
        # Azure Kinect. Root of the bones: 0, the pelvis. Center: 1, the navel.
        SkeletonLayout(
            'azure_kinect',
            (0, 0, 1, 2, 2, 4, 5, 6, 7, 8, 7, 2, 11, 12, 13, 14, 15, 14, 0, 18, 19, 20, 0, 22, 23, 24, 3, 26, 26, 26,
             26, 26),
            center=1, spine=(0, 1), shoulders=(5, 12),
            pairs=(*((left, left + 7) for left in range(4, 11)), *((left, left + 4) for left in range(18, 22)),
                   (28, 30), (29, 31))),
    )
}


def get_layout(layout: Union[str, dict, SkeletonLayout]) -> SkeletonLayout:
    """Look up a layout by name, or make one from a dict of :class:`SkeletonLayout`'s arguments.

    Raises:
        UserError: if the name is not known, an argument is missing in the dict, or a joint number is invalid.
    """
    if isinstance(layout, SkeletonLayout):
        return layout
    if isinstance(layout, str):
        if layout not in LAYOUTS:
            raise UserError(f'unknown skeleton layout "{layout}": use one of {sorted(LAYOUTS)}, or give a dict with '
                             'name, parents, center and, for view alignment, spine and shoulders')
        return LAYOUTS[layout]
    if not isinstance(layout, dict):
        raise UserError(f'{layout!r} is not a skeleton layout: give a name, or a dict with name, parents and center')
    try:
        fields = {key: _tuples(value) for key, value in layout.items()
                  if key != '_delete_'}  # MMEngine leaves this key if there was nothing to delete
        return SkeletonLayout(**{'name': 'custom', **fields})  # type: ignore[arg-type]
    except TypeError as error:
        raise UserError(f'a skeleton layout needs parents and center, and may have name, spine, shoulders and pairs; '
                         f'got {sorted(layout)}') from error


def _tuples(value: Any) -> Any:
    """Convert lists, including nested ones, to tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value
