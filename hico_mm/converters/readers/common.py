"""Shared by the readers: JSON, numbers, and a look at the beginning of a file."""

import json
import re
from pathlib import Path
from typing import Any, Callable, Optional, Sequence, Tuple

import numpy as np

from ...errors import UserError
from ..text import read_text

HEAD = 1 << 16  # bytes of a file that are read to guess its format
MOST_PERSONS = 1000  # in a frame


def load_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: if it is not JSON. The message does not name the file.
    """
    text = read_text(path)
    if not text.strip():
        raise UserError('is empty')
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f'is truncated or not JSON ({error.msg} in line {error.lineno}): copy it again') from None
    except (ValueError, RecursionError):
        raise UserError('is truncated or not JSON: copy it again') from None


def head_has(pattern: str) -> Callable[[Path], bool]:
    """Return a function that says whether a pattern occurs at the beginning of a file."""
    compiled = re.compile(pattern.encode())

    def matches(path: Path) -> bool:
        return compiled.search(head(path)) is not None

    return matches


def head(path: Path) -> bytes:
    """Return the beginning of a file, or nothing if it cannot be read."""
    try:
        with path.open('rb') as file:
            return file.read(HEAD)
    except OSError:
        return b''


def numbers(values: Any, what: str, shape: Tuple[Optional[int], ...]) -> np.ndarray:
    """Convert nested lists of numbers to float64.

    Args:
        values: The lists.
        what: What they are, for the message.
        shape: The required shape; None allows any length.

    Raises:
        UserError: if they are not numbers or have another shape. The message does not name the file.
    """
    try:
        array = np.array(values)
    except (ValueError, TypeError, OverflowError):
        array = np.array(None)
    if array.dtype.kind not in 'iuf':
        raise UserError(f'has {what} that are not a table of numbers')
    if len(array.shape) != len(shape) or any(want not in (None, have) for want, have in zip(shape, array.shape)):
        wanted = ', '.join('any' if want is None else str(want) for want in shape)
        raise UserError(f'has {what} of shape {array.shape}, not ({wanted})')
    return array.astype(np.float64)


def listed(value: Any, what: str) -> list:
    """Return a value that must be a list.

    Raises:
        UserError: if it is not. The message does not name the file.
    """
    if not isinstance(value, list):
        raise UserError(f'has no list of {what}')
    return value


def field(record: Any, key: str, what: str) -> Any:
    """Return the value of a key in a JSON object.

    Raises:
        UserError: if it is not an object with this key. The message does not name the file.
    """
    if not isinstance(record, dict) or key not in record:
        raise UserError(f'has a {what} without "{key}"')
    return record[key]


def upright(keypoint: np.ndarray) -> np.ndarray:
    """Turn 3-D coordinates (..., 3) with y down by half a turn about z, so that y is up. Left and right are kept."""
    return keypoint * np.array([-1, -1, 1])


def frame_rate(times: Sequence[Tuple[int, Any, float]]) -> Optional[float]:
    """Return the frames per second.

    Args:
        times: For each frame its number, its time and the unit of the time in seconds. Times that are not numbers do
            not count.

    Returns:
        The rate that most frames have, or None if fewer than two frames have a time.
    """
    known = [(number, time * unit) for number, time, unit in times if type(time) in (int, float)]
    if len(known) < 2:
        return None
    frames, seconds = np.diff(np.array(known, dtype=np.float64), axis=0).T
    forward = (frames > 0) & (seconds > 0)
    return round(float(1 / np.median(seconds[forward] / frames[forward])), 2) if forward.any() else None
