"""Locks that are released with their process, and removal of files left by dead processes."""

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Optional

TEMPORARY = '.writing-'  # part of the names of incomplete files
SETTLED = 1.0  # seconds after which an unlocked temporary file has no writer


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
