"""Locks that are released with their process, and removal of files left by dead processes."""

import fcntl
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from .errors import UserError

TEMPORARY = '.writing-'  # part of the names of incomplete files
SETTLED = 1.0  # seconds after which an unlocked temporary file has no writer
PATIENCE = 30.0  # seconds to wait for a lock


def lock(descriptor: int) -> Optional[bool]:
    """Lock an open file or folder for this process.

    Returns:
        True if this process holds the lock, False if another one does, None if the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def wait_to_lock(descriptor: int, place: Path) -> bool:
    """Wait to lock an open file or folder. Return True if it is locked or the file system has no locks.

    Args:
        descriptor: The open file.
        place: What is in use meanwhile, for the message.
    """
    start, said = time.monotonic(), False
    while lock(descriptor) is False:
        waited = time.monotonic() - start
        if waited > PATIENCE:
            return False
        if waited > 1 and not said:
            said = True
            print(f'{place} is in use: waiting for up to {PATIENCE:g} s', file=sys.stderr)
        time.sleep(0.1)
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a file that is read, changed and replaced, so that two processes do not undo each other's changes.

    A file that does not exist is not locked.

    Raises:
        UserError: if another process keeps it locked.
    """
    descriptor = None
    try:
        while path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            if not wait_to_lock(descriptor, path):
                raise UserError(f'{path} is being changed by another process: try again when that has ended')
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                break
            os.close(descriptor)  # it was replaced while this process waited
            descriptor = None
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def remove_abandoned(folder: Path, pattern: str) -> None:
    """Remove the files and folders that match a pattern and are not locked by a living process."""
    for path in folder.glob(pattern):
        try:
            _remove_if_free(path)
        except OSError:  # belongs to another user, or is gone
            continue


def _remove_if_free(path: Path) -> None:
    facts = path.lstat()
    if facts.st_uid != os.getuid() or time.time() - facts.st_mtime < SETTLED or path.is_symlink():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if lock(descriptor):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    finally:
        os.close(descriptor)
