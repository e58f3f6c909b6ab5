"""The folder of a run: one process trains in it, and its logs end where its checkpoint does."""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Union

from ..errors import UserError
from ..fileio import TEMPORARY, check_writable
from ..locks import lock, remove_abandoned

LOCK = '.lock'
LOGS = '*/vis_data/*'
# Scalars of MMEngine and events of TensorBoard, to which lines are added: what a checkpoint knows is their beginning.
LOG_NAME = re.compile(r'[\w.-]+/vis_data/(?:[\w.-]+\.json|events\.out\.tfevents\.[\w.-]+)')


@contextmanager
def lock_folder(folder: Union[str, Path]) -> Iterator[None]:
    """Hold a folder for this process alone, and remove what writes left there that were killed.

    The lock goes with the process, however it ends. A file system without locks does without.

    Raises:
        UserError: if another process holds it.
    """
    folder = Path(folder)
    check_writable(folder, folder=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open('a+') as file:
        if lock(file.fileno()) is False:
            file.seek(0)
            owner = file.read().strip() or 'another process'
            raise UserError(f'{folder} is in use by {owner}: wait until it ends, or give another folder')
        file.truncate(0)
        file.write(f'process {os.getpid()} of {os.uname().nodename}')
        file.flush()
        remove_abandoned(folder, f'.*{TEMPORARY}*')
        yield


def log_sizes(work_dir: Union[str, Path]) -> Dict[str, int]:
    """The sizes of the logs of a folder in bytes, by their name in it."""
    folder = Path(work_dir)
    names = (str(path.relative_to(folder)) for path in folder.glob(LOGS) if path.is_file() and not path.is_symlink())
    return {name: (folder / name).stat().st_size for name in sorted(names) if LOG_NAME.fullmatch(name)}


def cut_logs(work_dir: Union[str, Path], sizes: Dict[str, Any], keep: str) -> None:
    """Cut the logs of a folder where a checkpoint was written: the rest is of steps that are taken again.

    Args:
        work_dir: The folder.
        sizes: The sizes that :func:`log_sizes` gave when the checkpoint was written.
        keep: Name of the folder of the run that is starting, which has opened its file of events.
    """
    for name, now in log_sizes(work_dir).items():
        size = sizes.get(name, 0)
        opened = name.startswith(f'{keep}/') and not name.endswith('.json')
        if not opened and isinstance(size, int) and 0 <= size < now:
            os.truncate(Path(work_dir) / name, size)


def set_logs_aside(work_dir: Union[str, Path]) -> None:
    """Rename the logs of a folder whose runs left no checkpoint, so that they are not taken for those of the next."""
    for name in log_sizes(work_dir):
        folder = Path(work_dir, name).parent
        if folder.is_dir():
            shutil.move(str(folder), str(folder.with_name('vis_data_without_checkpoint')))
