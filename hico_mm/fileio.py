"""Files that are written whole or not at all."""

import glob
import io
import json
import os
import pickle
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Union

from mmengine.fileio import LocalBackend, register_backend

from .locks import lock, remove_abandoned

TEMPORARY = '.writing-'  # in the names of files that are not whole yet


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


UMASK = _umask()  # read once, when no other thread makes files


@contextmanager
def atomic_write(path: Union[str, Path]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; it is renamed to ``path`` on success and removed on failure.

    Folders are made as needed. What a write of this file left there that was killed is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent, f'.{glob.escape(path.name)}{TEMPORARY}*')
    descriptor, name = tempfile.mkstemp(prefix=f'.{path.name}{TEMPORARY}', suffix=path.suffix, dir=path.parent)
    temporary = Path(name)
    try:
        lock(descriptor)
        yield temporary
        temporary.chmod(0o666 & ~UMASK)
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


def dump_pickle(content: Any, path: Union[str, Path]) -> None:
    """Pickle ``content`` to ``path``, whole or not at all.

    The content must be plain data without cycles. An object that occurs in it twice is written twice.
    """
    with atomic_write(path) as temporary, open(temporary, 'wb') as file:
        # Protocol 4 is what numpy 1 reads from numpy 2. A memo would keep a copy of every array until the end.
        pickler = pickle.Pickler(file, protocol=4)
        pickler.fast = True
        pickler.dump(content)


def write_json(content: object, path: Union[str, Path]) -> None:
    """Write ``content`` as indented JSON, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + '\n')


@register_backend('AtomicLocalBackend')
class AtomicLocalBackend(LocalBackend):
    """MMEngine's local files, written whole or not at all; for ``CheckpointHook(backend_args=...)``."""

    def put(self, obj: Union[bytes, io.BytesIO], filepath: Union[str, Path]) -> None:
        """Write bytes to a file."""
        with atomic_write(filepath) as temporary:
            super().put(obj, temporary)


def _flush(path: Path) -> None:
    """Have the system write a file or a folder to the disk; some file systems cannot, and do without."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
