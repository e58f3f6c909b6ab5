"""Read the text files of PKU-MMD: recordings, labels and splits."""

import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple, Union

import numpy as np

from ..datasets.checks import coordinate_fault, to_float32
from ..errors import UserError
from ..structures import get_layout
from .text import read_lines, whole_number

BODIES = 2
MOST_TIMES = 4  # how often labels may cover a recording; actions follow one another


class ActionLabel(NamedTuple):
    """A line of a label file: action, first and last frame, all counted from 1; the last frame is included."""

    action: int
    first: int
    last: int

    def frames(self, length: int) -> int:
        """Return the number of labelled frames, or 0 if they are not within the recording."""
        return self.last - self.first + 1 if 1 <= self.first <= self.last <= length else 0


def fields(line: str) -> List[str]:
    """Split a line at commas, semicolons or blanks."""
    return re.split(r'\s*[,;]\s*|\s+', line.strip(' \t\r\n,;'))


def read_recording(path: Union[str, Path]) -> np.ndarray:
    """Read a recording with 150 numbers per line and frame.

    Returns:
        (2, T, 25, 3) float32, in metres, in camera coordinates.

    Raises:
        UserError: if it is empty or truncated, is not in this format, or has coordinates that are not finite or
            implausibly large. The message does not name the file.
    """
    joints = get_layout('ntu').num_joints
    lines = [line for line in read_lines(path) if line.strip()]
    if not lines:
        raise UserError('is empty')
    try:
        numbers = np.loadtxt([' '.join(fields(line)) for line in lines], comments=None, ndmin=2)
    except ValueError as error:
        raise UserError(f'is truncated or not a table of numbers ({error})') from None
    width = BODIES * joints * 3
    if numbers.shape[1] != width:
        raise UserError(f'has lines of {numbers.shape[1]} numbers, not {width} ({BODIES} bodies of {joints} joints)')
    numbers = to_float32(numbers)
    fault = coordinate_fault(numbers)
    if fault:
        raise UserError(fault)
    return numbers.reshape(-1, BODIES, joints, 3).transpose(1, 0, 2, 3)


def read_labels(path: Union[str, Path]) -> List[ActionLabel]:
    """Read a label file with lines ``class, first frame, last frame, confidence``, separated by commas or blanks.

    Raises:
        UserError: if a line does not have this form. The message does not name the file.
    """
    labels = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            action, first, last = (whole_number(field) for field in fields(line)[:3])
        except ValueError:
            raise UserError(f'has {line[:40]!r} at line {number}, but a label must be class, first frame, last frame, '
                             'confidence') from None
        labels.append(ActionLabel(action, first, last))
    return labels


def read_split(path: Union[str, Path]) -> Dict[str, List[str]]:
    """Read a split file: a heading, the training recordings, a heading, the test recordings -> 'train', 'val'.

    Raises:
        UserError: if it does not have this form, names no recording for one side, or names a recording on both
            sides. The message does not name the file.
    """
    lines = [line.strip() for line in read_lines(path) if line.strip()]
    if len(lines) != 4:
        raise UserError(f'has {len(lines)} lines, not four: a heading and the training recordings, a heading '
                         'and the test recordings')
    train, val = ([name.strip() for name in lines[i].split(',') if name.strip()] for i in (1, 3))
    if not train or not val:
        raise UserError(f'names no {"test" if train else "training"} recording')
    both = sorted(set(train) & set(val))
    if both:
        raise UserError(f'has {both[0]} in both the training and the test recordings')
    return dict(train=train, val=val)


def cut(recording: np.ndarray, label: ActionLabel) -> np.ndarray:
    """Cut out the clip of a label, without bodies that never appear: (M, T, 25, 3), M from 0 to 2."""
    clip = recording[:, label.first - 1:label.last]
    return clip[clip.any((1, 2, 3))]


def cut_all(recording: np.ndarray, labels: List[ActionLabel], name: str, num_actions: int) -> Tuple[List[dict],
                                                                                                   List[str]]:
    """Return the clips of a recording as MMAction2 annotations, and a sentence for each dropped clip.

    Raises:
        UserError: if the labels together cover the recording many times, which is impossible for successive actions.
    """
    clips, faults = [], []
    length = recording.shape[1]
    if sum(label.frames(length) for label in labels) > MOST_TIMES * length:
        raise UserError(f'has labels that cover the {length} frames of the recording more than {MOST_TIMES} times: '
                        'compare it with your source')
    for index, label in enumerate(labels, 1):
        keypoint = cut(recording, label) if label.frames(length) else recording[:0]
        if not 1 <= label.action <= num_actions:
            faults.append(f'label {index} has class {label.action}, not 1 to {num_actions}')
        elif not label.frames(length):
            faults.append(f'label {index} ({label.first} to {label.last}) is not within the {length} frames')
        elif not len(keypoint):
            faults.append(f'label {index} ({label.first} to {label.last}) has no body in any frame')
        else:
            clips.append(dict(frame_dir=f'{name}_{index:03}', label=label.action - 1, total_frames=keypoint.shape[1],
                              keypoint=np.ascontiguousarray(keypoint)))
    return clips, faults
