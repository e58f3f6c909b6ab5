"""Arrays in ``.npy``, ``.npz`` and CSV files, whose axes the user states."""

import csv
import re
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np

from ...errors import UserError
from ...structures import SkeletonLayout
from ..registry import ReadOptions, Recording, register_reader
from ..text import read_text
from .common import head
from .numpy_files import open_arrays

CHANNELS = {2: 'xy', 3: 'xyz', 4: 'xyzs'}


def matches(path: Path) -> bool:
    """Return whether a file is a NumPy file, or a CSV file whose second line is numbers."""
    if path.suffix.lower() != '.csv':
        return True
    lines = head(path).decode('utf-8-sig', 'replace').splitlines()[:2]
    try:
        return bool([float(cell or 'nan') for cell in re.split('[,;\t ]', lines[-1].strip())])
    except (IndexError, ValueError):
        return False


@register_reader('array', ('.npy', '.npz', '.csv'), matches)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read an array with the stated axes. A table (T, columns) is unfolded in the order of the other axes.

    An ``.npz`` file has an array ``keypoint``, or only one beside ``fps``, and optionally ``keypoint_score`` with the
    same axes but C, and ``fps``.

    Raises:
        UserError: if the axes or the layout are not stated, or do not fit the array.
    """
    if not options.usual_axes and (options.axes is None or options.layout is None):
        raise UserError('is an array: state the order of its axes with --axes, such as --axes MTVC, and the skeleton '
                        'with --layout')
    arrays = _table(files[0]) if files[0].suffix.lower() == '.csv' else open_arrays(files[0])
    fps = _frame_rate(arrays.pop('fps', None))
    array, layout = _pick(arrays), options.layout
    axes = options.axes or usual_axes(array.ndim)
    if array.dtype.kind not in 'iuf':
        raise UserError(f'has an array of type {array.dtype}, not of numbers')
    if array.ndim == 2 and len(axes) > 2:
        array = _unfold(array, axes, layout, options.channels)
    keypoint = arrange(array, axes)
    _check(keypoint, array, axes, layout)
    keypoint, score = _scores(keypoint, options.channels)
    if 'keypoint_score' in arrays:
        score = arrange(arrays['keypoint_score'], axes.replace('C', ''))[..., 0]
    return Recording(keypoint, layout, score, fps)


def usual_axes(ndim: int) -> str:
    """Return the order of the axes of an array for which none is stated."""
    return 'MTVC' if ndim == 4 else 'TVC'


def _frame_rate(value: Optional[np.ndarray]) -> Optional[float]:
    if value is not None and not (value.size == 1 and value.dtype.kind in 'fiu' and 0 < value.item() < np.inf):
        raise UserError('has an "fps" that is not a number above 0: correct it, or leave it out')
    return None if value is None else float(value.item())


def _pick(arrays: Dict[str, np.ndarray]) -> np.ndarray:
    if 'keypoint' in arrays or len(arrays) == 1:
        return arrays.get('keypoint', next(iter(arrays.values())))
    raise UserError(f'has the arrays {sorted(arrays)}: name the one to read keypoint')


def arrange(array: np.ndarray, axes: str) -> np.ndarray:
    """Move the axes to (M, T, V, C); an axis that does not exist gets the length 1.

    Raises:
        UserError: if the array does not have these axes. The message does not name the array.
    """
    if array.ndim != len(axes) or not set(axes) <= set('MTVC') or len(set(axes)) != len(axes):
        raise UserError(f'has an array of shape {array.shape}, which axes "{axes}" do not describe: name each axis by '
                        'M (persons), T (frames), V (joints) or C (coordinates), as in --axes CTVM')
    here = ''.join(axis for axis in 'MTVC' if axis in axes)
    array = array.transpose([axes.index(axis) for axis in here])
    for place, axis in enumerate('MTVC'):
        if axis not in axes:
            array = np.expand_dims(array, place)
    return array


def _check(keypoint: np.ndarray, array: np.ndarray, axes: str, layout: Optional[SkeletonLayout]) -> None:
    """Check the numbers of joints and coordinates, and find the likely order of the axes if they do not fit."""
    joints, coordinates = keypoint.shape[2:]
    if layout is None and coordinates not in CHANNELS:
        raise UserError(f'has {coordinates} coordinates if the axes of {"x".join(map(str, array.shape))} are {axes}, '
                        'but there are 2 or 3: correct --axes')
    if layout is None or (joints == layout.num_joints and coordinates in CHANNELS):
        return
    shape = 'x'.join(map(str, array.shape))
    likely = _likely(array.shape, layout.num_joints)
    remedy = f'the axes are probably {likely}, so use --axes {likely}' if likely else 'correct --axes or --layout'
    raise UserError(f'has {joints} joints with {coordinates} coordinates if the axes of {shape} are {axes}, but layout '
                    f'"{layout.name}" has {layout.num_joints} joints, and there are 2 or 3 coordinates: {remedy}')


def _likely(shape: Tuple[int, ...], joints: int) -> Optional[str]:
    """Return the likely order of axes: the joints, the coordinates, one or two persons, and the rest frames."""
    letters: List[str] = [''] * len(shape)
    for letter, sizes in (('V', (joints, )), ('C', (3, 2, 4)), *((('M', (1, 2)), ) if len(shape) == 4 else ())):
        found = [place for size in sizes for place in reversed(range(len(shape)))
                 if shape[place] == size and not letters[place]]
        if not found:
            return None
        letters[found[0]] = letter
    rest = [place for place, letter in enumerate(letters) if not letter]
    if len(rest) != 1:
        return None
    letters[rest[0]] = 'T'
    return ''.join(letters)


def _unfold(table: np.ndarray, axes: str, layout: Optional[SkeletonLayout], channels: Optional[str]) -> np.ndarray:
    """Reshape a table (T, columns) to the stated axes, of which frames must be the first."""
    if layout is None:
        raise UserError('is a table with a row for each frame: name the skeleton with --layout')
    if axes[0] != 'T':
        raise UserError(f'is a table with a row for each frame, but --axes {axes} does not begin with T: the axes are '
                        'T and then the order of the columns, such as TVC')
    joints, columns = layout.num_joints, table.shape[1]
    coordinates = [len(channels)] if channels else list(CHANNELS)
    fits = [size for size in coordinates
            if columns % (joints * size) == 0 and ('M' in axes or columns == joints * size)]
    if len(fits) != 1:
        problem = ('may have ' + ' or '.join(map(str, fits)) + ' coordinates for each joint: say which with --channels'
                   if fits else f'do not fit the {joints} joints of layout "{layout.name}": correct --layout, or leave '
                   'out columns that are not coordinates')
        raise UserError(f'has {columns} columns, which {problem}')
    sizes = dict(T=len(table), V=joints, C=fits[0], M=columns // (joints * fits[0]))
    return table.reshape([sizes[axis] for axis in axes])


def _scores(keypoint: np.ndarray, channels: Optional[str]) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Separate the coordinates from the scores."""
    channels = channels or CHANNELS[keypoint.shape[-1]]
    if len(channels) != keypoint.shape[-1]:
        raise UserError(f'has {keypoint.shape[-1]} numbers for each joint, but --channels {channels} means '
                        f'{len(channels)}: correct --channels')
    return (keypoint[..., :-1], keypoint[..., -1]) if channels.endswith('s') else (keypoint, None)


def _table(path: Path) -> Dict[str, np.ndarray]:
    """Read the numbers in a CSV file. Empty cells are NaN.

    A first line is a header if it is not numbers, or the numbers of the columns: 0, 1, 2, ... as pandas writes.
    """
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    delimiter = max(',;\t ', key=lambda mark: min(line.count(mark) for line in (lines or [''])[:2]))
    rows = list(csv.reader(lines, delimiter=delimiter))
    try:
        first = [float(cell or 'nan') for cell in rows[0]]
        if len(rows) > 1 and len(first) > 1 and first == list(range(len(first))):
            rows = rows[1:]
    except (ValueError, IndexError):
        rows = rows[1:]
    if not rows:
        raise UserError('has no row of numbers')
    if len({len(row) for row in rows}) > 1:
        raise UserError('has rows of different lengths')
    try:
        return {'': np.array([[float(cell.strip() or 'nan') for cell in row] for row in rows])}
    except ValueError as error:
        raise UserError(f'is not a table of numbers ({str(error)[:80]})') from None
