"""The folder of a run: one process trains in it, and its logs end where its checkpoint does."""

import os
import re
import shutil
import sys
import time
import uuid
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Dict, Iterator, Union

from ..checkpoints.resume import RUN
from ..errors import UserError
from ..fileio import TEMPORARY, check_writable
from ..locks import lock, remove_abandoned

LOCK = '.lock'
PATIENCE = 30.0  # seconds to wait for a lock
LOGS = '*/vis_data/*'
# Scalars of MMEngine and events of TensorBoard, to which lines are added: what a checkpoint knows is their beginning.
LOG_NAME = re.compile(r'[\w.-]+/vis_data/(?:[\w.-]+\.json|events\.out\.tfevents\.[\w.-]+)')


@contextmanager
def lock_folder(folder: Union[str, Path]) -> Iterator[None]:
    """Hold a folder for this process alone, and remove temporary files that killed processes left there.

    The lock goes with the process, however it ends. One that is about to end, as the workers of a process that was
    killed are, is waited for. On a file system without locks, nothing is locked.

    Raises:
        UserError: if another process keeps it.
    """
    folder = Path(folder)
    check_writable(folder, folder=True)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open('a+') as file:
        if not _wait_for(file.fileno(), folder):
            file.seek(0)
            owner = file.read().strip() or 'another process'
            raise UserError(f'{folder} is in use by {owner}: wait until it ends, or give another folder')
        file.truncate(0)
        file.write(f'process {os.getpid()} of {os.uname().nodename}')
        file.flush()
        remove_abandoned(folder, f'.*{TEMPORARY}*')
        try:
            yield
        finally:
            if new and {path.name for path in folder.iterdir()} <= {LOCK, RUN}:  # a mistake was found at once
                shutil.rmtree(folder)


def _wait_for(descriptor: int, folder: Path) -> bool:
    """Lock an open file, within a while; returns whether that has come about, or cannot on this file system."""
    end = time.monotonic() + PATIENCE
    while lock(descriptor) is False:
        if time.monotonic() > end:
            return False
        if time.monotonic() > end - PATIENCE + 1:
            print(f'{folder} is in use: waiting for up to {PATIENCE:g} s', file=sys.stderr)
        time.sleep(min(5, PATIENCE / 5))
    return True


def begin_run(work_dir: Union[str, Path]) -> bool:
    """Mark the checkpoints that a folder has as those of earlier runs, which the new one is not resumed from.

    Returns:
        Whether there are any.
    """
    Path(work_dir, RUN).write_text(uuid.uuid4().hex)
    return any(Path(work_dir).glob('*.pth'))


def check_places(work_dir: Union[str, Path]) -> None:
    """Check that no folder stands where training writes a checkpoint.

    Raises:
        UserError: naming the first that does.
    """
    for path in sorted(Path(work_dir).glob('*.pth')):
        if path.is_dir():
            raise UserError(f'{path} is a folder where training writes a checkpoint: rename or remove it')


def log_sizes(work_dir: Union[str, Path]) -> Dict[str, int]:
    """The sizes of the logs of a folder in bytes, by their name in it."""
    folder = Path(work_dir)
    inside = [path for path in folder.glob(LOGS) if path.is_file() and not any(
        place.is_symlink() for place in (path, path.parent, path.parent.parent))]  # not the logs of another run
    names = (str(path.relative_to(folder)) for path in inside)
    return {name: (folder / name).stat().st_size for name in sorted(names) if LOG_NAME.fullmatch(name)}


def cut_logs(work_dir: Union[str, Path], sizes: Dict[str, Any], keep: str) -> None:
    """Cut the logs of a folder where a checkpoint was written: the rest is of steps that are taken again.

    Logs that the checkpoint does not know, of runs that began later, are set aside.

    Args:
        work_dir: The folder.
        sizes: The sizes that :func:`log_sizes` gave when the checkpoint was written.
        keep: Name of the folder of the run that is starting, which has opened its file of events.
    """
    for name, now in log_sizes(work_dir).items():
        if name.startswith(f'{keep}/') and not name.endswith('.json') or not Path(work_dir, name).exists():
            continue
        if name not in sizes:
            _set_aside(Path(work_dir, name).parent)
        elif isinstance(sizes[name], int) and 0 <= sizes[name] < now:
            os.truncate(Path(work_dir, name), sizes[name])


def set_logs_aside(work_dir: Union[str, Path]) -> None:
    """Rename the logs of a folder whose runs left no checkpoint, so that they are not taken for those of the next."""
    for name in log_sizes(work_dir):
        _set_aside(Path(work_dir, name).parent)


def _set_aside(folder: Path) -> None:
    """Rename a folder of logs that is there."""
    if folder.is_dir():
        places = (folder.with_name(f'{folder.name}_superseded_{n}') for n in count(1))
        folder.rename(next(place for place in places if not place.exists()))
