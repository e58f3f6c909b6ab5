"""Small copies of clips to draw them moving."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from ..structures import SkeletonLayout

MOST_FRAMES = 32
LARGEST, ABSENT = 32767, -32768  # int16; the middle 99 % of the positions lie within a third of this range
INNER = LARGEST // 3


class Motions(NamedTuple):
    """Small copies of n clips, one after the other.

    Args:
        values: All coordinates, int16. A joint of ``ABSENT`` is not there.
        shapes: (n, 4), the shape (M, T, V, C) of each copy.
    """

    values: np.ndarray
    shapes: np.ndarray

    @classmethod
    def of(cls, clips: Sequence[np.ndarray]) -> 'Motions':
        """Copy clips (M, T, V, C), with at most ``MOST_FRAMES`` evenly spaced frames each."""
        copies = [quantise(clip) for clip in clips]
        return cls.join(copies)

    @classmethod
    def join(cls, copies: Sequence[np.ndarray]) -> 'Motions':
        """Build from the copies of clips, as returned by :meth:`get`."""
        shapes = np.array([copy.shape for copy in copies], int).reshape(-1, 4)
        return cls(np.concatenate([copy.ravel() for copy in copies] or [np.zeros(0, np.int16)]), shapes)

    def get(self, place: int) -> np.ndarray:
        """Return a copy, (M, T, V, C) int16."""
        sizes = self.shapes.prod(1)
        start = int(sizes[:place].sum())
        return self.values[start:start + int(sizes[place])].reshape(self.shapes[place])

    def split(self) -> List[np.ndarray]:
        """Return all copies."""
        ends = self.shapes.prod(1).cumsum()[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(self.values, ends), self.shapes)]


def quantise(keypoint: np.ndarray, seen: Optional[np.ndarray] = None, most: int = MOST_FRAMES) -> np.ndarray:
    """Copy a clip (M, T, V, C) to int16, centered and scaled to its size.

    Args:
        keypoint: The clip.
        seen: (M, T, V), which joints are there. Defaults to None, those whose coordinates are not all zero.
        most: Maximum number of frames, which are evenly spaced. Defaults to ``MOST_FRAMES``.
    """
    frames = np.linspace(0, keypoint.shape[1] - 1, min(most, keypoint.shape[1])).round().astype(int)
    clip = keypoint[:, frames].astype(np.float64)
    there: np.ndarray = np.any(clip, -1) if seen is None else seen[:, frames]
    known = clip[there]
    low, high = np.percentile(known, (.5, 99.5), axis=0) if len(known) else (np.zeros(1), np.ones(1))
    scaled = (np.where(there[..., None], clip, 0) - (low + high) / 2) * (2 * INNER / max((high - low).max(), 1e-6))
    return np.where(there[..., None], scaled.round().clip(-LARGEST, LARGEST), ABSENT).astype(np.int16)


def drawing(layout: SkeletonLayout) -> Dict[str, Any]:
    """Return what a player needs to draw a skeleton, as plain data: its edges, each with the side of the body.

    Sides are 0 for the middle, 1 for the left and 2 for the right.
    """
    sides = {joint: side for pair in layout.pairs for side, joint in enumerate(pair, 1)}
    return dict(edges=[[joint, parent, sides.get(joint, 0)] for joint, parent in layout.edges])
