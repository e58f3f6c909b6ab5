"""Find moments in a long recording that are like one or more clips."""

from typing import Any, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

import numpy as np
from torch import nn

from ..errors import UserError, check_count, check_number
from ..structures import check_level
from .extract import encode_unit
from .prepare import ClipPreparer
from .read_clip import ClipSource, RawClip

RELATIVE_LENGTHS = (.75, 1, 1.25)  # of the windows, relative to the clip
STEP = .2  # between windows, relative to their length
SHORTEST = 2  # frames of a window

Window = Tuple[int, int]  # first and last frame, counted from 1, both included


class Moment(NamedTuple):
    """A part of a recording.

    Args:
        first: Its first frame, counted from 1.
        last: Its last frame, which is included.
        score: Cosine similarity to the most similar of the clips that were looked for, from -1 to 1.
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
                 like: Union[ClipSource, Sequence[ClipSource]],
                 lengths: Optional[Sequence[int]] = None,
                 topk: int = 10,
                 min_score: float = -1,
                 overlap: float = 0.3,
                 fps: Optional[float] = None,
                 level: str = 'instance',
                 batch_size: int = 64) -> List[Moment]:
    """Find the moments of a long recording that are most like a clip, or like any of several clips.

    Windows of several lengths slide over the recording, in steps of a fifth of their length. Each is encoded like a
    clip. Of windows that overlap by more than ``overlap``, only the most similar one is kept.

    Args:
        model: A model from :func:`init_model`.
        recording: The recording: whatever :func:`read_clip` reads, or the result of it.
        like: The clip to look for, given in the same way; or a list of clips, for example several performances of an
            action.
        lengths: Lengths of the windows in frames. Defaults to 0.75, 1 and 1.25 times the (mean) length of the clips, in
            seconds if the frame rates are known.
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
        UserError: if a clip or the recording cannot be used, or an argument is invalid.
    """
    check_level(level)
    check_count(topk, 'topk')
    check_number(overlap, 'overlap', least=0, below=1)
    check_number(min_score, 'min_score')
    if fps is not None:
        check_number(fps, 'fps', above=0)
    prepare = ClipPreparer(model)
    whole = prepare.read(recording, name='recording')
    wanted = [prepare.read(clip, name=f'clip {i}') for i, clip in enumerate(_several(like))]
    if not wanted:
        raise UserError('there is no clip to look for')
    prepare.warn_of_units([clip.keypoint for clip in (whole, *wanted)])
    rate = fps or whole.fps
    mean = sum(clip.keypoint.shape[1] * (rate / clip.fps if rate and clip.fps else 1) for clip in wanted) / len(wanted)
    every = slide(whole.keypoint.shape[1], lengths or relative_lengths(mean))
    cuts = [whole.frames(first, last) for first, last in every]
    windows = [window for window, cut in zip(every, cuts) if cut.keypoint.size]
    seen = [cut for cut in cuts if cut.keypoint.size]
    here, there = (encode_unit(model, clips, level, batch_size, prepare) for clips in (seen, wanted))
    scores = (here @ there.t()).amax(1).numpy()
    return [_moment(windows[i], float(scores[i]), rate)
            for i in suppress(windows, scores, overlap) if scores[i] >= min_score][:topk]


def _several(like: Any) -> Sequence[ClipSource]:
    """Return the clips to look for as a list."""
    return like if isinstance(like, (list, tuple)) and not isinstance(like, RawClip) else [like]


def relative_lengths(frames: float) -> List[int]:
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
