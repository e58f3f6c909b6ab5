"""The keypoints of a dataset in one array, which the processes of a host share."""

import contextlib
import ctypes
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
from mmengine import dist

from ..fileio import dump_pickle
from ..locks import lock, remove_abandoned
from .safe_pickle import load_plain_pickle

FOLDER = 'hico_mm_clips_'  # of temporary folders
_held: Dict[str, int] = {}  # those of this process, locked so that no other removes them
Load = Callable[[], Tuple['ClipStore', Any]]


class ClipStore:
    """Keypoints of n clips of any shape, one clip after the other.

    The workers of a data loader share it, since nothing ever writes to it.

    Args:
        values: The numbers of all clips, (M, T, V, C) each.
        shapes: (n, 4), the (M, T, V, C) of each.
    """

    def __init__(self, values: np.ndarray, shapes: np.ndarray) -> None:
        self.values, self.shapes = values, shapes
        self.ends = [0, *shapes.prod(1).cumsum().tolist()]

    @classmethod
    def from_clips(cls, clips: List[np.ndarray]) -> 'ClipStore':
        """From clips (M, T, V, C); the list is emptied on the way, so that they are not held twice."""
        shapes = np.array([clip.shape for clip in clips])
        store = cls(np.empty(shapes.prod(1).sum(), np.float32), shapes)
        for i in reversed(range(len(clips))):
            store._span(i)[:] = clips.pop()
        return store

    def _span(self, index: int) -> np.ndarray:
        return self.values[self.ends[index]:self.ends[index + 1]].reshape(self.shapes[index])

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, index: int) -> np.ndarray:
        """A copy of a clip, (M, T, V, C)."""
        return self._span(index).copy()


def load_once_a_host(load: Load) -> Tuple[ClipStore, Any]:
    """``load()`` by one process of each host; the others map its array into their memory, and read the rest.

    To be called by all processes alike. The array lies in a file among the system's temporary ones, without a name
    once all have it. Processes share it if they have one host name and see each other's temporary files, which
    containers of one name need not.

    Raises:
        Exception: what ``load`` raises, in every process.
        OSError: if there is no room for the file; the message says how much is needed.
    """
    if dist.get_world_size() == 1:
        result = load()
        _return_freed_memory()
        return result
    leader = _leader()
    outcomes = dist.all_gather_object(_attempt(load) if dist.get_rank() == leader else None)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if not failed:
        _return_freed_memory()
        try:
            result, trouble = _read(Path(outcomes[leader])), None
        except Exception as error:  # told to all: one that left alone would let the others wait
            trouble = error
        failed = [error for error in dist.all_gather_object(trouble) if error is not None]
    if dist.get_rank() == leader and isinstance(outcomes[leader], str):
        _remove(outcomes[leader])
    if failed:
        raise failed[0]
    return result


def _leader() -> int:
    """The first process whose temporary files this one sees."""
    host = socket.gethostname()
    try:
        probe: Any = tempfile.NamedTemporaryFile(prefix='hico_mm_')
    except OSError:  # no room for a file: found out, and said, when it is needed
        probe = contextlib.nullcontext()
    with probe:
        found = dist.all_gather_object((host, getattr(probe, 'name', None)))
        leader = next(rank for rank, (other, path) in enumerate(found)
                      if rank == dist.get_rank() or other == host and path and Path(path).exists())
        dist.barrier()  # nobody's file is gone before all have looked
    return leader


def _attempt(load: Load) -> 'str | Exception':
    """Load and write to a folder -> its path, or what went wrong, to be raised in all processes."""
    folder = None
    try:
        remove_abandoned(Path(tempfile.gettempdir()), f'{FOLDER}*')
        store, rest = load()
        folder = tempfile.mkdtemp(prefix=FOLDER)
        _held[folder] = os.open(folder, os.O_RDONLY)
        lock(_held[folder])
        np.save(Path(folder) / 'values.npy', store.values)
        dump_pickle((store.shapes, rest), Path(folder) / 'clips.pkl')
        return folder
    except Exception as error:
        if folder is None:
            return error
        _remove(folder)
        if not isinstance(error, OSError):
            return error
        return OSError(f'{folder} has no room for the {store.values.nbytes / 1e9:.1f} GB that the processes of this '
                       f'host share ({error}): set TMPDIR to a folder that has')


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(_held.pop(folder))


def _return_freed_memory() -> None:
    """Hand the memory of the annotations back to the system: glibc keeps what was freed in small pieces."""
    if sys.platform == 'linux':
        trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)  # other C libraries have none, and need none
        if trim is not None:
            trim(0)


def _read(folder: Path) -> Tuple[ClipStore, Any]:
    """What :func:`_attempt` wrote."""
    shapes, rest = load_plain_pickle(folder / 'clips.pkl')
    return ClipStore(np.load(folder / 'values.npy', mmap_mode='r'), shapes), rest
