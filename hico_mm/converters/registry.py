"""Readers of recordings: each reads one format, and more can be registered."""

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ..errors import UserError
from ..structures import SkeletonLayout
from .formats import RECORDINGS

MOST_FPS = 10_000  # frames per second that are plausible


class Recording(NamedTuple):
    """What a reader returns: one clip.

    Args:
        keypoint: (M, T, V, C), C = 2 (pixels) or 3 (metres). A joint that was not detected is all zero or NaN.
        layout: Its skeleton: a layout, or the name of a built-in one; None if it is an array that does not say.
        score: (M, T, V), the confidence of each joint from 0 to 1, or None. Defaults to None.
        fps: Frames per second, or None if not known. Defaults to None.
        img_shape: (height, width) of the picture in pixels, for 2-D poses, or None if not known. Defaults to None.
        label: Class number that the file itself gives, or None. Defaults to None.
    """

    keypoint: np.ndarray
    layout: Union[str, SkeletonLayout, None]
    score: Optional[np.ndarray] = None
    fps: Optional[float] = None
    img_shape: Optional[Tuple[int, int]] = None
    label: Optional[int] = None


class ReadOptions(NamedTuple):
    """What the user says about all files.

    Args:
        layout: Skeleton of the files, if it is not that of the format. Defaults to None.
        axes: Order of the axes of an array, such as 'MTVC'. Defaults to None.
        channels: Meaning of the last axis of an array: 'xy', 'xyz', 'xys' or 'xyzs', s is a score. Defaults to None.
        persons: Number of persons to keep in a clip. Defaults to 2.
        img_shape: (height, width) of the pictures. Defaults to None.
        fps: Frames per second. Defaults to None.
        scale: Factor for all coordinates. Defaults to 1.
        upside_down: Whether to turn the clips upside down. Defaults to False.
        model: Model file of the pose estimator for videos. Defaults to None, the model in its package.
        keep_poses: Folder for the poses found in videos. Defaults to None, which keeps none.
        resample_fps: Frames per second that clips are resampled to. Defaults to None, which does not resample.
        usual_axes: Whether an array without stated axes is (M, T, V, C) or (T, V, C), and may be of any skeleton;
            otherwise both must be stated. Defaults to False.
    """

    layout: Optional[SkeletonLayout] = None
    axes: Optional[str] = None
    channels: Optional[str] = None
    persons: int = 2
    img_shape: Optional[Tuple[int, int]] = None
    fps: Optional[float] = None
    scale: float = 1.0
    upside_down: bool = False
    model: Optional[Path] = None
    keep_poses: Optional[Path] = None
    resample_fps: Optional[float] = None
    usual_axes: bool = False


Read = Callable[[List[Path], ReadOptions], Recording]
Group = Callable[[Path, Sequence[Path]], Dict[Path, List[Path]]]


@dataclass(frozen=True)
class Reader:
    """A reader of one format.

    Args:
        name: The name for ``--format``.
        read: Reads the files of a clip, or raises a ``UserError`` whose message does not name the file.
        suffixes: Endings of the files, in lower case.
        matches: Whether a file with such an ending seems to have this format; for guessing the format. Defaults to all
            such files.
        group: Groups the files in a folder by clip: a dict from the path that names the clip to its files. None means
            that each file is a clip. Defaults to None.
        layout: Name of the skeleton, if all files have the same. Defaults to None.
    """

    name: str
    read: Read
    suffixes: Tuple[str, ...]
    matches: Callable[[Path], bool] = lambda path: True
    group: Optional[Group] = None
    layout: Optional[str] = None


READERS: Dict[str, Reader] = {}


def register_reader(name: str, suffixes: Sequence[str], matches: Callable[[Path], bool] = lambda path: True,
                    group: Optional[Group] = None, layout: Optional[str] = None) -> Callable[[Read], Read]:
    """Register the decorated function as the reader of a format; see :class:`Reader` for the arguments.

    Raises:
        UserError: if another reader has this name.
    """
    def register(read: Read) -> Read:
        there = READERS.get(name)
        if there is not None and there.read.__module__ != read.__module__:
            raise UserError(f'there are two readers of format "{name}", in {there.read.__module__} and '
                            f'{read.__module__}: give one of them another name')
        READERS[name] = Reader(name, read, tuple(suffix.lower() for suffix in suffixes), matches, group, layout)
        return read

    return register


def load_readers(modules: Sequence[str] = ()) -> Dict[str, Reader]:
    """Import the built-in readers and the modules that a user names, and return all readers by name.

    Args:
        modules: Modules on the Python path or in the current folder. Defaults to none.

    Raises:
        UserError: if a module cannot be found.
    """
    for module, _ in RECORDINGS.values():
        importlib.import_module(f'.readers.{module}', __package__)
    if modules and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise UserError(f'--import {module}: there is no module {error.name}; write the name of a Python file in '
                            'the current folder or on PYTHONPATH, without .py') from error
    return {name: READERS[name] for name in (*RECORDINGS, *(name for name in READERS if name not in RECORDINGS))}
