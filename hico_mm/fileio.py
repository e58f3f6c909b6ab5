"""Write files completely or not at all."""

import errno
import glob
import io
import json
import os
import pickle
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Iterator, Union

from mmengine.fileio import LocalBackend, register_backend

from .errors import UserError
from .locks import TEMPORARY, lock, remove_abandoned


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


UMASK = _umask()  # read once, while no other thread creates files


@contextmanager
def atomic_write(path: Union[str, Path]) -> Iterator[Path]:
    """Yield a temporary path next to ``path``, which is renamed to ``path`` on success and removed on failure.

    Folders are created as needed. A link stays a link: the file it names is replaced. Temporary files left by killed
    writes of this file are removed.
    """
    shown, path = path, Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent, f'.{glob.escape(path.name)}{TEMPORARY}*')
        descriptor, name = tempfile.mkstemp(prefix=f'.{path.name}{TEMPORARY}', suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise unwritable(shown, error) from error
    temporary = Path(name)
    try:
        lock(descriptor)
        yield temporary
        with suppress(OSError):  # some file systems have no modes
            temporary.chmod(0o666 & ~UMASK)
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise unwritable(shown, error) from error
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


def check_not_read(out: Union[str, Path], *inputs: Union[str, Path]) -> None:
    """Check that the file to write is not one that is read, which would be lost.

    Raises:
        UserError: if it is; the message names it.
    """
    for path in map(Path, inputs):
        if path.exists() and Path(out).exists() and path.samefile(out):
            raise UserError(f'{out} is read here, so it cannot be the file to write as well: choose another name')


def check_writable(path: Union[str, Path], folder: bool = False) -> None:
    """Check that a file, or files in a folder, can be written, so that mistakes are found before work begins.

    Nothing is left behind, and missing folders are not created.

    Args:
        path: The file or folder.
        folder: Whether it is a folder. Defaults to False.

    Raises:
        UserError: if something else already exists there; the message says what to do.
        OSError: if nothing can be written there; the message names the path and says what to do.
    """
    path = Path(path)
    if path.is_dir() and not folder:
        raise UserError(f'{path} is a folder: give the name of a file to write')
    there = next(place for place in ((path, *path.parents) if folder else path.parents) if os.path.lexists(place))
    if not there.is_dir():
        raise UserError(f'{path} cannot be written, since {there} is not a folder: choose another path')
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Union[str, Path], error: OSError) -> OSError:
    """Convert an error of the operating system to one that names the file to be written and says what to do."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    remedy = 'free some space, or choose another path' if full else 'choose a path where you may write'
    told = OSError(f'{path} cannot be written ({error.strerror or error}): {remedy}')
    told.errno = error.errno
    return told


def dump_pickle(content: Any, path: Union[str, Path]) -> None:
    """Pickle ``content`` to ``path``, completely or not at all.

    The content must be plain data without cycles. An object that occurs twice in it is written twice.
    """
    with atomic_write(path) as temporary, open(temporary, 'wb') as file:
        # numpy 1 can read protocol 4 written by numpy 2. A memo would keep a copy of every array until the end.
        pickler = pickle.Pickler(file, protocol=4)
        pickler.fast = True
        pickler.dump(content)


def write_json(content: object, path: Union[str, Path]) -> None:
    """Write ``content`` as indented JSON, completely or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + '\n')


@register_backend('AtomicLocalBackend')
class AtomicLocalBackend(LocalBackend):
    """MMEngine's local backend, but with atomic writes; for ``CheckpointHook(backend_args=...)``."""

    def put(self, obj: Union[bytes, io.BytesIO], filepath: Union[str, Path]) -> None:
        """Write bytes to a file."""
        with atomic_write(filepath) as temporary:
            super().put(obj, temporary)


def _flush(path: Path) -> None:
    """Ask the system to write a file or folder to disk. File systems that cannot do this are ignored."""
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
