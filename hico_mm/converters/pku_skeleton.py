"""Reading the text files of PKU-MMD: recordings, their labels, and who trains."""

import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple, Union

import numpy as np

from ..errors import UserError
from ..structures import get_layout

BODIES = 2


class ActionLabel(NamedTuple):
    """A line of a label file: action and frames from 1, both ends included."""

    action: int
    first: int
    last: int


def fields(line: str) -> List[str]:
    """What of a line is between commas, semicolons or blanks."""
    return re.split(r'\s*[,;]\s*|\s+', line.strip(' \t\r\n,;'))


def _lines(path: Union[str, Path]) -> List[str]:
    try:
        return Path(path).read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError:
        raise UserError('is not a text file') from None


def read_recording(path: Union[str, Path]) -> np.ndarray:
    """Read a recording, a line of 150 numbers a frame -> (2, T, 25, 3) float32, metres, camera coordinates.

    Raises:
        UserError: if it is empty or truncated, is not in the format, or has coordinates that are not finite; the
            message does not name the file.
    """
    joints = get_layout('ntu').num_joints
    lines = [line for line in _lines(path) if line.strip()]
    if not lines:
        raise UserError('is empty')
    try:
        numbers = np.loadtxt([' '.join(fields(line)) for line in lines], comments=None, ndmin=2)
    except ValueError as error:
        raise UserError(f'is truncated or not a table of numbers ({error})') from None
    width = BODIES * joints * 3
    if numbers.shape[1] != width:
        raise UserError(f'has lines of {numbers.shape[1]} numbers, not {width} ({BODIES} bodies of {joints} joints)')
    if not np.isfinite(numbers).all():
        raise UserError('has coordinates that are not finite')
    return numbers.astype(np.float32).reshape(-1, BODIES, joints, 3).transpose(1, 0, 2, 3)


def read_labels(path: Union[str, Path]) -> List[ActionLabel]:
    """Read a label file, lines of ``class, first frame, last frame, confidence``, with commas or blanks between them.

    Raises:
        UserError: if a line is not of that form; the message does not name the file.
    """
    labels = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            action, first, last = (int(field) for field in fields(line)[:3])
        except ValueError:
            raise UserError(f'has {line[:40]!r} at line {number}, where a label is class, first frame, last frame, '
                             'confidence') from None
        labels.append(ActionLabel(action, first, last))
    return labels


def read_split(path: Union[str, Path]) -> Dict[str, List[str]]:
    """Read a split file: a heading, the training recordings, a heading, the test recordings -> 'train', 'val'.

    Raises:
        UserError: if it is not in that form, or a recording both trains and tests; the message does not name the file.
    """
    lines = [line.strip() for line in _lines(path) if line.strip()]
    if len(lines) != 4:
        raise UserError(f'has {len(lines)} lines: a split has four, a heading and the training recordings, a heading '
                         'and the test recordings')
    train, val = ([name.strip() for name in lines[i].split(',') if name.strip()] for i in (1, 3))
    both = sorted(set(train) & set(val))
    if both:
        raise UserError(f'has {both[0]} among the training and the test recordings')
    return dict(train=train, val=val)


def cut(recording: np.ndarray, label: ActionLabel) -> np.ndarray:
    """The clip of a label, without bodies that are never there: (M, T, 25, 3), M from 0 to 2.

    Frames past the recording's ends are left out, so T may be 0.
    """
    clip = recording[:, max(label.first - 1, 0):max(label.last, 0)]
    return clip[clip.any((1, 2, 3))]


def cut_all(recording: np.ndarray, labels: List[ActionLabel], name: str, num_actions: int) -> Tuple[List[dict],
                                                                                                   List[str]]:
    """The clips of a recording as MMAction2's annotations, and a sentence for each that is dropped."""
    clips, faults = [], []
    length = recording.shape[1]
    for index, label in enumerate(labels, 1):
        keypoint = cut(recording, label)
        if not 1 <= label.action <= num_actions:
            faults.append(f'label {index} is of class {label.action}, not 1 to {num_actions}')
        elif label.last < label.first or label.first > length or label.last < 1:
            faults.append(f'label {index} ({label.first} to {label.last}) has none of the {length} frames')
        elif not len(keypoint):
            faults.append(f'label {index} ({label.first} to {label.last}) has no body in any frame')
        else:
            clips.append(dict(frame_dir=f'{name}_{index:03}', label=label.action - 1, total_frames=keypoint.shape[1],
                              keypoint=np.ascontiguousarray(keypoint)))
    return clips, faults
