"""The folder of a run: only one process trains in it, and its logs are cut to match the checkpoint."""

import os
import re
import shutil
import uuid
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Union

from ..checkpoints.resume import RUN
from ..errors import UserError
from ..fileio import check_writable
from ..locks import TEMPORARY, remove_abandoned, wait_to_lock

LOCK = '.lock'
LOGS = '*/vis_data/*'
# Scalars of MMEngine and events of TensorBoard. They are only appended to, so cutting them restores an earlier state.
LOG_NAME = re.compile(r'[\w.-]+/vis_data/(?:[\w.-]+\.json|events\.out\.tfevents\.[\w.-]+)')


@contextmanager
def lock_folder(folder: Union[str, Path]) -> Iterator[None]:
    """Lock a folder for this process, and remove temporary files that killed processes left in it.

    The lock is released when the process ends for any reason. If another process is about to end, such as the workers
    of a killed process, this function waits for it. On a file system without locks, nothing is locked.

    Raises:
        UserError: if another process keeps the lock.
    """
    folder = Path(folder)
    check_writable(folder, folder=True)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open('a+') as file:
        if not wait_to_lock(file.fileno(), folder):
            file.seek(0)
            owner = file.read().strip() or 'another process'
            raise UserError(f'{folder} is in use by {owner}: wait until it ends, or choose another folder')
        file.truncate(0)
        file.write(f'process {os.getpid()} of {os.uname().nodename}')
        file.flush()
        remove_abandoned(folder, f'.*{TEMPORARY}*')
        try:
            yield
        finally:
            if new and {path.name for path in folder.iterdir()} <= {LOCK, RUN}:  # failed before writing anything
                shutil.rmtree(folder)


def begin_run(work_dir: Union[str, Path], source: Optional[Path] = None) -> bool:
    """Mark the existing checkpoints of a folder as belonging to earlier runs, so the new run is not resumed from them.

    Args:
        work_dir: The folder.
        source: The checkpoint that the new run continues from.

    Returns:
        Whether there are any other checkpoints.
    """
    lines = [uuid.uuid4().hex]
    if source is not None:  # a folder that is moved takes its own checkpoints with it
        own = source.resolve().parent == Path(work_dir).resolve()
        lines.append(source.name if own else str(source.resolve()))
    Path(work_dir, RUN).write_text('\n'.join(lines))
    return any(source is None or not path.samefile(source) for path in Path(work_dir).glob('*.pth'))


def check_places(work_dir: Union[str, Path]) -> None:
    """Check that no folder has the name of a checkpoint.

    Raises:
        UserError: if one has; the message names the first.
    """
    for path in sorted(Path(work_dir).glob('*.pth')):
        if path.is_dir():
            raise UserError(f'{path} is a folder, but training writes a checkpoint there: rename or remove it')


def log_sizes(work_dir: Union[str, Path]) -> Dict[str, int]:
    """Return the sizes of the logs in a folder, in bytes, by relative path."""
    folder = Path(work_dir)
    inside = [path for path in folder.glob(LOGS) if path.is_file() and not any(
        place.is_symlink() for place in (path, path.parent, path.parent.parent))]  # may be logs of another run
    names = (str(path.relative_to(folder)) for path in inside)
    return {name: (folder / name).stat().st_size for name in sorted(names) if LOG_NAME.fullmatch(name)}


def cut_logs(work_dir: Union[str, Path], sizes: Dict[str, Any], keep: str) -> None:
    """Cut the logs of a folder to their sizes at a checkpoint, since the steps after it are run again.

    Logs that are unknown to the checkpoint belong to runs that started later and are renamed.

    Args:
        work_dir: The folder.
        sizes: The result of :func:`log_sizes` when the checkpoint was written.
        keep: Name of the log folder of the run that is starting, which has already opened its event file.
    """
    for name, now in log_sizes(work_dir).items():
        if name.startswith(f'{keep}/') and not name.endswith('.json') or not Path(work_dir, name).exists():
            continue
        if name not in sizes:
            _set_aside(Path(work_dir, name).parent)
        elif isinstance(sizes[name], int) and 0 <= sizes[name] < now:
            os.truncate(Path(work_dir, name), sizes[name])


def set_logs_aside(work_dir: Union[str, Path]) -> None:
    """Rename the logs of earlier runs in a folder, so that they are not mistaken for those of the next run."""
    for name in log_sizes(work_dir):
        _set_aside(Path(work_dir, name).parent)


def _set_aside(folder: Path) -> None:
    """Rename a folder of logs if it exists."""
    if folder.is_dir():
        places = (folder.with_name(f'{folder.name}_superseded_{n}') for n in count(1))
        folder.rename(next(place for place in places if not place.exists()))
