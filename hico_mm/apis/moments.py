"""Find moments in a long recording that are like a clip."""

from typing import List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
import torch.nn.functional as F
from torch import nn

from ..errors import check_count, check_number
from .extract import encode_clips
from .prepare import ClipPreparer
from .read_clip import ClipSource, visible

RELATIVE_LENGTHS = (.75, 1, 1.25)  # of the windows, relative to the clip
STEP = .2  # between windows, relative to their length
SHORTEST = 2  # frames of a window

Window = Tuple[int, int]  # first and last frame, counted from 1, both included


class Moment(NamedTuple):
    """A part of a recording.

    Args:
        first: Its first frame, counted from 1.
        last: Its last frame, which is included.
        score: Cosine similarity to the clip that was looked for, from -1 to 1.
        start: Time of its beginning in seconds; None if the frame rate is not known.
        end: Time of its end in seconds; None if the frame rate is not known.
    """

    first: int
    last: int
    score: float
    start: Optional[float] = None
    end: Optional[float] = None


def find_moments(model: nn.Module,
                 recording: ClipSource,
                 like: ClipSource,
                 lengths: Optional[Sequence[int]] = None,
                 topk: int = 10,
                 min_score: float = -1,
                 overlap: float = 0.3,
                 fps: Optional[float] = None,
                 level: str = 'instance',
                 batch_size: int = 64) -> List[Moment]:
    """Find the moments of a long recording that are most like a clip.

    Windows of several lengths slide over the recording, in steps of a fifth of their length. Each is encoded like a
    clip. Of windows that overlap, the most similar one is kept.

    Args:
        model: A model from :func:`init_model`.
        recording: The recording: whatever :func:`read_clip` reads, or the result of it.
        like: The clip to look for, given in the same way.
        lengths: Lengths of the windows in frames. Defaults to 0.75, 1 and 1.25 times the length of the clip.
        topk: Maximum number of moments. Defaults to 10.
        min_score: Minimum cosine similarity. Defaults to -1, which keeps all.
        overlap: Maximum overlap of two moments, as the number of their common frames divided by the number of frames
            of both together. Defaults to 0.3.
        fps: Frames per second, if the recording does not say. Defaults to None.
        level: Level of the features: 'temporal', 'spatial' or 'instance'. Defaults to 'instance'.
        batch_size: Number of windows encoded at a time. Defaults to 64.

    Returns:
        The moments, the most similar one first.

    Raises:
        UserError: if the clip or the recording cannot be used, or an argument is invalid.
    """
    check_count(topk, 'topk')
    check_number(overlap, 'overlap', least=0, below=1)
    check_number(min_score, 'min_score')
    prepare = ClipPreparer(model)
    whole, wanted = prepare.read(recording, name='recording'), prepare.read(like)
    prepare.warn_of_units([whole.keypoint, wanted.keypoint])
    every = slide(whole.keypoint.shape[1], lengths or relative_lengths(wanted.keypoint.shape[1]))
    cuts = [visible(whole.keypoint[:, first - 1:last]) for first, last in every]
    windows = [window for window, cut in zip(every, cuts) if cut.size]
    clips = [wanted.keypoint, *(cut for cut in cuts if cut.size)]
    sizes = [wanted.img_shape] + [whole.img_shape] * len(windows)
    features = F.normalize(encode_clips(model, clips, level, batch_size, sizes, prepare), dim=1)
    scores = (features[1:] @ features[0]).numpy()
    rate = fps or whole.fps
    return [_moment(windows[i], float(scores[i]), rate)
            for i in suppress(windows, scores, overlap) if scores[i] >= min_score][:topk]


def relative_lengths(frames: int) -> List[int]:
    """Return the lengths of windows for a clip of a number of frames."""
    return [max(round(ratio * frames), SHORTEST) for ratio in RELATIVE_LENGTHS]


def slide(frames: int, lengths: Sequence[int]) -> List[Window]:
    """Return the windows of all lengths in a recording, in order. A window that is too long becomes the recording.

    Raises:
        UserError: if a length is not an integer of at least 1.
    """
    windows: Set[Window] = set()
    for length in lengths:
        check_count(length, 'a length of lengths')
        length = min(length, frames)
        starts = [*range(0, frames - length, max(round(STEP * length), 1)), frames - length]
        windows.update((start + 1, start + length) for start in starts)
    return sorted(windows)


def overlap_of(a: Window, b: Window) -> float:
    """Return the temporal intersection over union of two windows."""
    common = min(a[1], b[1]) - max(a[0], b[0]) + 1
    return max(common, 0) / (max(a[1], b[1]) - min(a[0], b[0]) + 1)


def suppress(windows: Sequence[Window], scores: np.ndarray, overlap: float) -> List[int]:
    """Return the places of the windows to keep, best first: none overlaps a better one by more than ``overlap``."""
    kept: List[int] = []
    for i in np.argsort(-scores, kind='stable').tolist():
        if all(overlap_of(windows[i], windows[j]) <= overlap for j in kept):
            kept.append(i)
    return kept


def _moment(window: Window, score: float, fps: Optional[float]) -> Moment:
    if fps is None:
        return Moment(*window, score)
    return Moment(*window, score, (window[0] - 1) / fps, window[1] / fps)
