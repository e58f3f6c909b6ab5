"""Follow persons through the frames of a clip."""

from typing import Dict, Hashable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import UserError

MOST_FRAMES = 200_000  # almost two hours at 30 frames per second
LONGEST_GAP = 30  # frames that a person may be unseen and still be recognised
FARTHEST_STEP = 0.5  # of the size of the body, from one sight of a person to the next


class Detection(NamedTuple):
    """A person in a frame.

    Args:
        pose: (V, C). A joint that was not detected is all zero or NaN.
        score: (V,), or None. Defaults to None.
        person: Who it is, if the file says so. Defaults to None.
    """

    pose: np.ndarray
    score: Optional[np.ndarray] = None
    person: Optional[Hashable] = None


Frames = Dict[int, List[Detection]]  # by number
Track = Dict[int, Detection]  # the detections of a person, by frame


def assemble(frames: Frames, num_persons: int) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Make a clip from detections.

    If each detection says who it is, persons are told apart by that, otherwise as in :func:`follow`. The persons that
    are seen most are kept: those with the greatest sum of scores, or in the most joints if there are no scores.

    Args:
        frames: The detections in each frame. The clip goes from the lowest to the highest frame number.
        num_persons: Maximum number of persons.

    Returns:
        Keypoints (M, T, V, C) and scores (M, T, V), float32; zero where a person is not seen. The scores are None if
        there are none.

    Raises:
        UserError: if there is nobody in any frame, or the frame numbers are implausible.
    """
    frames = {number: [_clean(detection) for detection in frame] for number, frame in frames.items()}
    detections = [detection for frame in frames.values() for detection in frame]
    if not detections:
        raise UserError('has no person in any frame')
    if len({detection.pose.shape for detection in detections}) > 1:
        raise UserError('has persons with different numbers of joints')
    first, length = min(frames), max(frames) - min(frames) + 1
    if length > MOST_FRAMES:
        raise UserError(f'has frame numbers from {first} to {max(frames)}, which is too long for a clip: cut it')
    named = all(detection.person is not None for detection in detections)
    tracks = sorted(by_name(frames) if named else follow(frames), key=_seen, reverse=True)[:num_persons]
    keypoint = np.zeros((len(tracks), length, *detections[0].pose.shape), np.float32)
    score = np.zeros(keypoint.shape[:3], np.float32)
    for person, track in enumerate(tracks):
        for frame, detection in track.items():
            keypoint[person, frame - first] = detection.pose
            score[person, frame - first] = 1 if detection.score is None else detection.score
    return keypoint, score if any(detection.score is not None for detection in detections) else None


def _clean(detection: Detection) -> Detection:
    """Return a detection whose NaN joints are zero."""
    lost = np.isnan(detection.pose).any(1)
    return detection._replace(pose=np.where(lost[:, None], 0, detection.pose)) if lost.any() else detection


def by_name(frames: Frames) -> List[Track]:
    """Return a track for each person named in the detections. A name that occurs twice in a frame counts as two."""
    tracks: Dict[Hashable, Track] = {}
    for frame, detections in frames.items():
        times: Dict[Hashable, int] = {}
        for detection in detections:
            times[detection.person] = times.get(detection.person, 0) + 1
            tracks.setdefault((detection.person, times[detection.person]), {})[frame] = detection
    return list(tracks.values())


def follow(frames: Frames) -> List[Track]:
    """Return tracks made by matching each frame with the tracks so far, nearest pairs first.

    The distance between two poses is the mean distance of the joints that both have, divided by the size of the body
    (the diagonal of the box around it). A detection farther than ``FARTHEST_STEP`` from every track begins a new one,
    and a track that was not continued for ``LONGEST_GAP`` frames has ended.
    """
    tracks: List[Track] = []
    latest: List[int] = []  # the last frame of each track
    for frame in sorted(frames):
        alive = [i for i, last in enumerate(latest) if frame - last <= LONGEST_GAP]
        pairs = _nearest([tracks[i][latest[i]].pose for i in alive], [person.pose for person in frames[frame]])
        for j, detection in enumerate(frames[frame]):
            if j in pairs:
                i = alive[pairs[j]]
                tracks[i][frame], latest[i] = detection, frame
            else:
                tracks.append({frame: detection})
                latest.append(frame)
    return tracks


def _nearest(before: Sequence[np.ndarray], now: Sequence[np.ndarray]) -> Dict[int, int]:
    """Return pairs {index in ``now``: index in ``before``}, the nearest first, each pose in at most one."""
    steps = sorted((_distance(a, b), i, j) for i, a in enumerate(before) for j, b in enumerate(now))
    pairs: Dict[int, int] = {}
    for step, i, j in steps:
        if step <= FARTHEST_STEP and j not in pairs and i not in pairs.values():
            pairs[j] = i
    return pairs


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the distance of two poses (V, C), in sizes of the first body; infinity if they share no joint."""
    seen = a.any(1)
    both = seen & b.any(1)
    if not both.any():
        return float('inf')
    size = float(np.linalg.norm(a[seen].max(0) - a[seen].min(0)))
    return float(np.linalg.norm(a[both] - b[both], axis=1).mean()) / max(size, 1e-6)


def _seen(track: Track) -> float:
    """Return how much is seen of a person: the sum of scores, or the number of joints."""
    return float(sum(detection.pose.any(1).sum() if detection.score is None else np.nansum(detection.score)
                     for detection in track.values()))


def most_seen(keypoint: np.ndarray, score: Optional[np.ndarray],
              num_persons: int) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Keep at most ``num_persons`` persons of (M, T, V, C) and their scores (M, T, V), those that are seen most."""
    if len(keypoint) <= num_persons:
        return keypoint, score
    seen = keypoint.any(-1).sum((1, 2)) if score is None else score.sum((1, 2))
    kept = np.sort(np.argsort(-seen, kind='stable')[:num_persons])
    return keypoint[kept], None if score is None else score[kept]
