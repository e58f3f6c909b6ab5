"""The keypoints of a dataset in one array, shared by the processes of a host."""

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

FOLDER = 'hico_mm_clips_'  # prefix of temporary folders
_held: Dict[str, int] = {}  # folders of this process, locked so that no other process removes them
Load = Callable[[], Tuple['ClipStore', Any]]


class ClipStore:
    """Keypoints of n clips of different shapes, stored one after the other.

    The workers of a data loader share it, since it is never written to.

    Args:
        values: The flattened coordinates of all clips, each (M, T, V, C).
        shapes: (n, 4), the shape (M, T, V, C) of each clip.
    """

    def __init__(self, values: np.ndarray, shapes: np.ndarray) -> None:
        self.values, self.shapes = values, shapes
        self.ends = [0, *shapes.prod(1).cumsum().tolist()]

    @classmethod
    def from_clips(cls, clips: List[np.ndarray]) -> 'ClipStore':
        """Build from clips (M, T, V, C). The list is emptied on the way, so that memory is not used twice."""
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
        """Return a copy of a clip, (M, T, V, C)."""
        return self._span(index).copy()


def load_once_a_host(load: Load) -> Tuple[ClipStore, Any]:
    """Call ``load()`` in one process of each host; the others map its array into their memory and read the rest.

    All processes must call it. The array is in a temporary file, which is unlinked once all processes have opened it.
    Processes share it if they have the same host name and see each other's temporary files; containers with the same
    name may not.

    Raises:
        Exception: any exception of ``load``, in every process.
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
        except Exception as error:  # shared with all: if one process left alone, the others would wait
            trouble = error
        failed = [error for error in dist.all_gather_object(trouble) if error is not None]
    if dist.get_rank() == leader and isinstance(outcomes[leader], str):
        _remove(outcomes[leader])
    if failed:
        raise failed[0]
    return result


def _leader() -> int:
    """Return the rank of the first process whose temporary files this one can see."""
    host = socket.gethostname()
    try:
        probe: Any = tempfile.NamedTemporaryFile(prefix='hico_mm_')
    except OSError:  # no space for a file: reported when the space is needed
        probe = contextlib.nullcontext()
    with probe:
        found = dist.all_gather_object((host, getattr(probe, 'name', None)))
        leader = next(rank for rank, (other, path) in enumerate(found)
                      if rank == dist.get_rank() or other == host and path and Path(path).exists())
        dist.barrier()  # no file is removed before all processes have looked
    return leader


def _attempt(load: Load) -> 'str | Exception':
    """Load, write to a folder and return its path, or return the exception to raise in all processes."""
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
        return OSError(f'{folder} has no space for the {store.values.nbytes / 1e9:.1f} GB that the processes of this '
                       f'host share ({error}): set TMPDIR to a folder with enough space')


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(_held.pop(folder))


def _return_freed_memory() -> None:
    """Return the freed memory of the annotations to the system, since glibc keeps memory freed in small pieces."""
    if sys.platform == 'linux':
        trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)  # other C libraries do not have it and do not need it
        if trim is not None:
            trim(0)


def _read(folder: Path) -> Tuple[ClipStore, Any]:
    """Read the files written by :func:`_attempt`."""
    shapes, rest = load_plain_pickle(folder / 'clips.pkl')
    return ClipStore(np.load(folder / 'values.npy', mmap_mode='r'), shapes), rest
