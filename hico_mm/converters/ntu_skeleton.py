"""Read the `.skeleton` text files of NTU RGB+D."""

from pathlib import Path
from typing import Dict, Hashable, List, NamedTuple, Sequence, Tuple, Union

import numpy as np

from ..datasets.checks import coordinate_fault, to_float32
from ..datasets.persons import motion_energy
from ..errors import UserError
from ..structures import get_layout
from .text import read_text, whole_number

# A body is a line of 10 fields, a line with the number of joints, then a line of 12 fields per joint: x, y, z first.
BODY_FIELDS, JOINT_FIELDS = 10, 12
MOST_FRAMES, MOST_BODIES, ANY = 100_000, 20, 10**18  # clips have a few hundred frames; the sensor tracks six bodies


class SkeletonRecording(NamedTuple):
    """The bodies of a recording in the order of the file. B is their total number over all T frames.

    Args:
        num_frames: T.
        frames: (B,), the frame of each body.
        slots: (B,), the position of each body within its frame.
        ids: B body IDs as text, since two different IDs can be equal as floats.
        joints: (B, V, 3) float32, in metres, in camera coordinates.
    """

    num_frames: int
    frames: np.ndarray
    slots: np.ndarray
    ids: List[str]
    joints: np.ndarray


def read_skeleton(path: Union[str, Path]) -> SkeletonRecording:
    """Read a `.skeleton` file.

    Raises:
        UserError: if it is truncated, is not in this format, or has coordinates that are not finite or implausibly
            large. The message does not name the file.
    """
    text = read_text(path).rstrip()
    if not text:
        raise UserError('is empty')
    lines = text.splitlines()
    try:
        num_frames, bodies, rows = _outline(lines)
        if rows and rows[-1] is lines[-1] and len(rows[-1].split()) < JOINT_FIELDS:
            raise IndexError  # the file was cut off within its last line
        spaces = len(bodies) * (BODY_FIELDS - 1) + len(rows) * (JOINT_FIELDS - 1)
        joints = _coordinates(rows, regular=text.count(' ') == spaces)
    except IndexError:
        raise UserError(f'is truncated: it ends at line {len(lines)}, within its {lines[0]} frames') from None
    fault = coordinate_fault(joints)
    if fault:
        raise UserError(fault)
    frames, slots, ids = zip(*bodies) if bodies else ((), (), ())
    return SkeletonRecording(num_frames, np.array(frames, int), np.array(slots, int), list(ids), joints)


def _outline(lines: List[str]) -> Tuple[int, List[Tuple[int, int, str]], List[str]]:
    """Parse the lines of a file: number of frames, (frame, slot, ID) of each body, and the lines of all joints."""
    joints = get_layout('ntu').num_joints
    num_frames, at = _count(lines, 0, MOST_FRAMES), 1
    bodies, rows = [], []
    for frame in range(num_frames):
        in_frame, at = _count(lines, at, MOST_BODIES), at + 1
        for slot in range(in_frame):
            bodies.append((frame, slot, (lines[at].split() or ['?'])[0]))
            # At the end of the file, the number may have been cut off.
            if _count(lines, at + 1, ANY) != joints and at + 2 < len(lines):
                raise UserError(f'has a body with {lines[at + 1].strip()} joints at line {at + 2}, not {joints}')
            lines[at + 1 + joints]  # raises an IndexError if the file ends early
            rows += lines[at + 2:at + 2 + joints]
            at += 2 + joints
    if at < len(lines):
        raise UserError(f'has more lines after its {num_frames} frames, from line {at + 1}')
    return num_frames, bodies, rows


def _count(lines: List[str], at: int, most: int) -> int:
    """Parse line ``at`` as a whole number."""
    try:
        count = whole_number(lines[at])
    except ValueError:
        raise UserError(f'is not in the format of NTU: line {at + 1} must be a number, but is {lines[at][:40]!r}'
                         ) from None
    if not 0 <= count <= most:
        raise UserError(f'is not in the format of NTU: line {at + 1} is a count of {count}, not between 0 and {most}')
    return count


def _coordinates(rows: List[str], regular: bool) -> np.ndarray:
    """Parse lines of joints to (B, V, 3). Fields are counted per line only if the file's total count is irregular."""
    joints = get_layout('ntu').num_joints
    if not rows:
        return np.zeros((0, joints, 3), np.float32)
    for row in () if regular else rows:
        if len(row.split()) != JOINT_FIELDS:
            raise UserError(f'has a joint that is not a list of {JOINT_FIELDS} numbers ({row[:40]!r})')
    try:
        # Parsed as doubles, then rounded once. comments=None prevents stray characters from being read as comments.
        # The last column is read to check that it exists.
        xyz = np.loadtxt(rows, usecols=(0, 1, 2, JOINT_FIELDS - 1), comments=None, ndmin=2)[:, :3]
    except ValueError as error:
        raise UserError(f'has a joint that is not a list of {JOINT_FIELDS} numbers ({error})') from None
    return to_float32(xyz).reshape(-1, joints, 3)


def to_persons(recording: SkeletonRecording, bodies: str = 'slot', num_persons: int = 2) -> np.ndarray:
    """Return the persons that move most, sorted by decreasing motion energy.

    The energy is the standard deviation over tracked frames and joints, summed over x, y and z.

    Args:
        recording: The recording.
        bodies: 'slot' identifies a body by its position in the file, as in the released code. 'id' identifies it by
            its ID; a new ID that appears after others are gone continues the nearest of their tracks. Defaults to
            'slot'.
        num_persons: Maximum number of persons to keep. Defaults to 2.

    Returns:
        (M, T, V, 3) float32. A person is zero in frames where it is absent. Persons that never appear are left out, so
        M may be 0.
    """
    keys = recording.slots.tolist() if bodies == 'slot' else _follow_ids(recording)
    bodies_of = [places for places in _places(keys).values() if recording.joints[places].any()]
    bodies_of.sort(key=lambda places: motion_energy(recording.joints[places]), reverse=True)
    persons = np.zeros((len(bodies_of[:num_persons]), recording.num_frames, *recording.joints.shape[1:]), np.float32)
    for person, places in zip(persons, bodies_of):
        person[recording.frames[places]] = recording.joints[places]
    return persons


def _places(keys: Sequence[Hashable]) -> Dict[Hashable, List[int]]:
    """Return the indices of each key, with keys in order of appearance."""
    places: Dict[Hashable, List[int]] = {}
    for i, key in enumerate(keys):
        places.setdefault(key, []).append(i)
    return places


class _Track(NamedTuple):
    """The track of a body ID: its first and last frame, and the mean position of its joints in these frames."""

    first: int
    last: int
    start: np.ndarray
    end: np.ndarray


def _follow_ids(recording: SkeletonRecording) -> List[Hashable]:
    """Return the person of each body. IDs whose tracks do not overlap may be the same person."""
    keys = _ids_in_frame(recording)
    person: Dict[Hashable, Hashable] = {}
    latest: Dict[Hashable, _Track] = {}
    middle = recording.joints.mean(1)
    for key, bodies in _places(keys).items():
        first, last = bodies[0], bodies[-1]
        track = _Track(recording.frames[first], recording.frames[last], middle[first], middle[last])
        gone = [p for p, t in latest.items() if t.last < track.first]
        person[key] = min(gone, key=lambda p: np.linalg.norm(latest[p].end - track.start)) if gone else key
        latest[person[key]] = track
    return [person[key] for key in keys]


def _ids_in_frame(recording: SkeletonRecording) -> List[Hashable]:
    """Return the ID of each body. An ID that occurs twice in a frame counts as two."""
    seen: Dict[Tuple[int, str], int] = {}
    keys: List[Hashable] = []
    for frame, name in zip(recording.frames.tolist(), recording.ids):
        seen[frame, name] = seen.get((frame, name), 0) + 1
        keys.append((name, seen[frame, name]))
    return keys
