"""MediaPipe Pose: the world landmarks of a video, as commonly saved in JSON, CSV or NumPy files."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ...errors import UserError
from ...structures import get_layout
from ..registry import ReadOptions, Recording, register_reader
from ..tracks import Detection, Frames, assemble
from .common import field, frame_rate, head, listed, load_json, numbers, upright
from .mediapipe_table import is_table, read_table
from .numpy_files import arrays_in, open_arrays

LAYOUT = 'mediapipe'
WORLD = ('pose_world_landmarks', 'poseWorldLandmarks', 'world_landmarks', 'worldLandmarks')
IMAGE = ('pose_landmarks', 'poseLandmarks')


def matches(path: Path) -> bool:
    """Return whether a file seems to have landmarks of MediaPipe."""
    if path.suffix.lower() == '.npz':
        return any(name in WORLD for name in arrays_in(path))
    if path.suffix.lower() == '.csv':
        return is_table(head(path))
    return any(f'"{name}"'.encode() in head(path) for name in (*WORLD, *IMAGE, 'visibility'))


@register_reader('mediapipe', ('.json', '.csv', '.npz', '.npy'), matches, layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read the world landmarks of a video; docs/data.md lists the forms.

    Metres from the middle of the hips with y down become metres with y up: (x, y, z) -> (-x, -y, z), as in Kinect v2.
    The visibility is the score.

    Raises:
        UserError: if the file has none of these forms.
    """
    path, fps = files[0], None
    if path.suffix.lower() == '.csv':
        frames = read_table(path)
    elif path.suffix.lower() == '.json':
        frames, fps = _from_json(load_json(path))
    else:
        frames = _from_arrays(open_arrays(path))
    keypoint, score = assemble(frames, options.persons)
    return Recording(upright(keypoint), options.layout or LAYOUT, score, fps)


def _from_json(content: Any) -> Tuple[Frames, Optional[float]]:
    fps = None
    if isinstance(content, dict):
        fps, content = content.get('fps'), field(content, 'frames', 'file')
    frames = {number: list(_persons(frame)) for number, frame in enumerate(listed(content, 'frames'))}
    if isinstance(fps, (int, float)) and not isinstance(fps, bool) and fps > 0:
        return frames, float(fps)
    return frames, frame_rate([(number, frame.get('timestamp_ms'), 1e-3) for number, frame in enumerate(content)
                               if isinstance(frame, dict)])


def _persons(frame: Any) -> Iterator[Detection]:
    """Yield the persons in a frame: landmarks, a list of persons, or an object with either."""
    if isinstance(frame, dict):
        names = [name for name in (*WORLD, 'landmark', 'landmarks') if name in frame]
        if not names and any(name in frame for name in IMAGE):
            raise UserError('has landmarks in the picture only, not in metres: save pose_world_landmarks')
        if not names:
            raise UserError(f'has a frame without any of {", ".join(WORLD)}')
        yield from _persons(frame[names[0]])
    elif frame:
        first = listed(frame, 'landmarks')[0]
        is_person = isinstance(first, dict) and 'x' in first or isinstance(first, list) and not isinstance(
            first[0] if first else None, (list, dict))
        for person in [frame] if is_person else frame:
            if person:
                yield _detection(person)


def _detection(person: Any) -> Detection:
    """Return the pose and the visibilities of 33 landmarks, objects or lists of x, y, z and maybe visibility."""
    if isinstance(person, dict):
        person = person.get('landmark', person.get('landmarks'))
    rows = []
    for landmark in listed(person, 'landmarks'):
        if isinstance(landmark, dict):
            seen = [landmark['visibility']] if 'visibility' in landmark else []
            landmark = [field(landmark, axis, 'landmark') for axis in 'xyz'] + seen
        rows.append(landmark)
    return detection(numbers(rows, 'landmarks', (get_layout(LAYOUT).num_joints, None)))


def detection(values: np.ndarray) -> Detection:
    """Make a detection from (33, 3 or more): x, y, z and maybe visibility; further columns are ignored."""
    if values.shape[1] < 3:
        raise UserError(f'has landmarks of {values.shape[1]} numbers, not x, y, z: save pose_world_landmarks')
    return Detection(values[:, :3], values[:, 3] if values.shape[1] > 3 else None)


def _from_arrays(arrays: Dict[str, np.ndarray]) -> Frames:
    """Return the frames in an array (T, 33, 3 to 5)."""
    names = [name for name in (*WORLD, 'landmarks') if name in arrays] or list(arrays)
    if len(names) != 1:
        raise UserError(f'has the arrays {sorted(arrays)}: name the one of the landmarks pose_world_landmarks')
    array, joints = arrays[names[0]], get_layout(LAYOUT).num_joints
    if array.ndim != 3 or array.shape[1] != joints or not 3 <= array.shape[2] <= 5:
        raise UserError(f'has landmarks of shape {array.shape}, not (T, {joints}, 3 to 5)')
    return {number: [detection(frame)] if np.nan_to_num(frame).any() else [] for number, frame in enumerate(
        array.astype(np.float64))}
