"""Panels: what is drawn of a clip, as it was recorded, as a network gets it, or one of its streams."""

from typing import List, NamedTuple, Sequence, Tuple

import numpy as np
import torch

from ..datasets.transforms import derive_stream
from ..structures import SkeletonLayout, split_streams
from .upright import known_joints, upright

MIDDLE, LEFT, RIGHT, FAINT = range(4)  # sides of an edge; a faint edge is only there for orientation
Edges = List[Tuple[int, int, int]]
LONG = 0.25  # length of a fast motion when it is drawn, relative to the size of the body


class Panel(NamedTuple):
    """A picture that moves.

    Args:
        name: Name of the clip.
        kind: What it shows of it, such as 'recorded'.
        points: (M, T, P, 2 or 3), x to the right and y up; NaN where a point is absent.
        edges: (point, point, side) of each line to draw.
        label: Class of the clip. Defaults to none.
    """

    name: str
    kind: str
    points: np.ndarray
    edges: Edges
    label: str = ''

    @property
    def title(self) -> str:
        """One line of text."""
        return ', '.join(part for part in (self.name, self.label, self.kind, f'{self.points.shape[1]} frames') if part)


def edges_of(layout: SkeletonLayout) -> Edges:
    """Return the bones of a layout, (joint, parent, side); the side is that of the joint."""
    sides = {joint: side for pair in layout.pairs for side, joint in zip((LEFT, RIGHT), pair)}
    return [(joint, parent, sides.get(joint, MIDDLE)) for joint, parent in layout.edges]


def joint_panel(keypoint: np.ndarray, layout: SkeletonLayout, up: int, name: str, kind: str, label: str = '') -> Panel:
    """Show a clip (M, T, V, C) as a skeleton; persons that are absent from all frames are left out.

    Args:
        keypoint: The clip. A joint whose coordinates are all zero is absent.
        layout: Its skeleton.
        up: The axis that points up, see :func:`~hico_mm.visualization.upright.up_axis`.
        name: Name of the clip.
        kind: What it is.
        label: Its class. Defaults to none.
    """
    return Panel(name, kind, _points(keypoint, layout, up), edges_of(layout), label)


def stream_panels(keypoint: np.ndarray, layout: SkeletonLayout, up: int, name: str, label: str = '') -> List[Panel]:
    """Show the joint, bone and motion streams of a clip (M, T, V, C); see :func:`joint_panel` for the arguments."""
    body = joint_panel(keypoint, layout, up, name, 'joint stream', label)
    points = body.points
    steps = np.concatenate([points[:, 1:] - points[:, :-1], np.zeros_like(points[:, :1])], 1)
    factor = _magnification(points, steps)
    number, joints = layout.num_joints, range(layout.num_joints)
    sides = {joint: side for joint, _, side in body.edges}
    arrows = [(joint, number + joint, sides.get(joint, MIDDLE)) for joint in joints]
    faint = [(joint, parent, FAINT) for joint, parent, _ in body.edges]
    motion = Panel(name, f'motion stream, {factor:.1f} times',
                   np.concatenate([points, points + factor * steps], 2), faint + arrows, label)
    return [body, star_panel(_bones(points, layout), layout, name, 'bone stream', label), motion]


def star_panel(vectors: np.ndarray, layout: SkeletonLayout, name: str, kind: str, label: str = '') -> Panel:
    """Show the vector of each joint from a common origin, since a bone or motion stream says no more.

    Args:
        vectors: (M, T, V, C), x to the right and y up; NaN where a joint is absent.
        layout: The skeleton.
        name: Name of the clip.
        kind: What it is.
        label: Its class. Defaults to none.
    """
    origin, center = np.zeros_like(vectors[:, :, :1]), layout.num_joints
    return Panel(name, kind, np.concatenate([vectors, origin], 2),
                 [(joint, center, side) for joint, _, side in edges_of(layout)], label)


def view_panels(views: Sequence[np.ndarray], stream: str, layout: SkeletonLayout, up: int, name: str,
                label: str = '') -> List[Panel]:
    """Show augmented views (M, T, V, s * C) of a clip, in the s streams that the network gets."""
    panels, streams = [], split_streams(stream)
    for number, view in enumerate(views, 1):
        for one, part in zip(streams, np.split(view, len(streams), -1)):
            kind, points = f'view {number}', _points(part, layout, up)
            if stream != 'joint':
                kind += f', {one} stream'
            panels.append(Panel(name, kind, points, edges_of(layout), label) if one == 'joint' else
                          star_panel(points, layout, name, kind, label))
    return panels


def _points(keypoint: np.ndarray, layout: SkeletonLayout, up: int) -> np.ndarray:
    keypoint = np.asarray(keypoint, np.float32)
    keypoint = keypoint[keypoint.any((1, 2, 3))] if keypoint.any() else keypoint[:1]
    return np.where(known_joints(keypoint, layout)[..., None], upright(keypoint, up), np.nan).astype(np.float32)


def _bones(points: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    return derive_stream(torch.from_numpy(points), 'bone', layout).numpy()


def _magnification(points: np.ndarray, steps: np.ndarray) -> float:
    """Return a factor that makes fast motions a quarter as long as the body is high."""
    lengths = np.linalg.norm(steps, axis=-1)
    seen = np.isfinite(points).all(-1)
    if not seen.any():
        return 1.0
    fast = float(np.nanpercentile(lengths, 95))
    rows = [frame[known] for frame, known in zip(points.reshape(-1, *points.shape[2:]), seen.reshape(-1, seen.shape[2]))
            if known.any()]
    size = float(np.median([np.ptp(row, axis=0).max() for row in rows]))
    return max(LONG * size / fast, 1.0) if fast > 0 else 1.0
