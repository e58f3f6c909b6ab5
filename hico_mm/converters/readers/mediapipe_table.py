"""World landmarks of MediaPipe in a CSV file, a row for each frame or for each landmark."""

import csv
import re
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np

from ...errors import UserError
from ..text import read_text, whole_number
from ..tracks import Detection, Frames

NAMES = (
    'nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear right_ear '
    'mouth_left mouth_right left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_pinky '
    'right_pinky left_index right_index left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle '
    'right_ankle left_heel right_heel left_foot_index right_foot_index').split()
AXES = dict(x=0, y=1, z=2, v=3, visibility=3)
COLUMN = re.compile(r'(?P<axis>x|y|z|v|visibility)_?(?P<place>\d+)|(?P<name>\w+?)[_ .](?P<end>x|y|z|v|visibility)')
LONG = {'frame', 'landmark', 'x', 'y', 'z'}


def is_table(beginning: bytes) -> bool:
    """Return whether the first line of a CSV file names landmarks."""
    line = beginning.decode('utf-8-sig', 'replace').partition('\n')[0]
    header = [name.strip() for name in re.split('[,;\t]', line)]
    return LONG <= {name.lower() for name in header} or len(_wide(header)) >= 3 * len(NAMES)


def read_table(path: Path) -> Frames:
    """Read a table of landmarks. Empty cells mean that a landmark, or the person, was not detected.

    The columns are ``x0, y0, z0, v0, x1, ...`` (also counted from 1), or ``NOSE_x, NOSE_y, ...`` with a row for each
    frame; or ``frame, person, landmark, x, y, z, visibility`` with a row for each landmark, where ``person`` and
    ``visibility`` may be missing. Other columns are ignored.

    Raises:
        UserError: if the table has another form. The message does not name the file.
    """
    text = read_text(path)
    delimiter = max(',;\t', key=text.partition('\n')[0].count)
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise UserError('has no row below its header')
    header = [name.strip() for name in rows[0]]
    if LONG <= {name.lower() for name in header}:
        return _read_long([name.lower() for name in header], rows[1:])
    wide = _wide(header)
    lacking = [f'{NAMES[joint]} {axis}' for joint in range(len(NAMES)) for axis in 'xyz'
               if (joint, AXES[axis]) not in wide]
    if lacking:
        raise UserError(f'has no column for {lacking[0]}: name the columns x0, y0, z0, v0, x1, ..., as docs/data.md '
                        'says')
    return {number: _one(_values(row, wide, number)) for number, row in enumerate(rows[1:])}


def _wide(header: List[str]) -> Dict[Tuple[int, int], int]:
    """Return the column of each (landmark, axis)."""
    columns: Dict[Tuple[int, int], int] = {}
    for column, name in enumerate(header):
        match = COLUMN.fullmatch(name.lower())
        joint = match and (int(match['place']) if match['place'] else _joint(match['name']))
        if match and joint is not None:
            columns[joint, AXES[match['axis'] or match['end']]] = column
    if (0, 0) not in columns and (len(NAMES), 0) in columns:  # counted from 1
        columns = {(joint - 1, axis): column for (joint, axis), column in columns.items()}
    return {key: column for key, column in columns.items() if 0 <= key[0] < len(NAMES)}


def _joint(name: str) -> Optional[int]:
    """Return the number of a landmark from its number or name, or None if there is no such landmark."""
    name = name.strip().lower()
    if name in NAMES:
        return NAMES.index(name)
    return int(name) if name.isdecimal() and len(name) < 4 else None


def _values(row: List[str], columns: Dict[Tuple[int, int], int], number: int) -> np.ndarray:
    """Return x, y, z and, if there is one, the visibility of each landmark, from the columns of a row."""
    values = np.full((len(NAMES), 4 if any(axis == 3 for _, axis in columns) else 3), np.nan)
    for (joint, axis), column in columns.items():
        values[joint, axis] = _number(row[column] if column < len(row) else '', number)
    return values


def _number(cell: str, row: int) -> float:
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError:
        raise UserError(f'has {cell[:40]!r} in row {row + 2}, which is not a number') from None


def _one(values: np.ndarray) -> List[Detection]:
    """Return the person in a frame, or nobody if all cells are empty."""
    if np.isnan(values[:, :3]).all():
        return []
    return [Detection(values[:, :3], np.nan_to_num(values[:, 3]) if values.shape[1] > 3 else None)]


def _read_long(header: List[str], rows: List[List[str]]) -> Frames:
    """Read a table with a row for each landmark."""
    column = {name: place for place, name in enumerate(header)}
    people: Dict[Tuple[int, str], np.ndarray] = {}
    axes = [axis for axis in ('x', 'y', 'z', 'visibility') if axis in column]
    for number, row in enumerate(rows):
        try:
            frame, joint = whole_number(row[column['frame']]), _joint(row[column['landmark']])
        except (IndexError, ValueError):
            raise UserError(f'has no frame number in row {number + 2}') from None
        if joint is None or joint >= len(NAMES):
            raise UserError(f'has the unknown landmark {row[column["landmark"]][:40]!r} in row {number + 2}')
        person = row[column['person']].strip() if 'person' in column else ''
        values = people.setdefault((frame, person), np.full((len(NAMES), len(axes)), np.nan))
        cells = [row[column[axis]] if column[axis] < len(row) else '' for axis in axes]
        values[joint] = [_number(cell, number) for cell in cells]
    frames: Frames = {}
    for (frame, person), values in people.items():
        named = [found._replace(person=person or None) for found in _one(values)]
        frames.setdefault(frame, []).extend(named)
    return frames
