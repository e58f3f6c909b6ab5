"""Resume a run: find its newest intact checkpoint, and adapt the saved state to its folder and config."""

import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Union

from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from ..errors import UserError
from .file import load_checkpoint

LATEST = 'latest.pth'  # written on a signal, or at time intervals
RUN = '.run'  # names the run that was started last in a folder, and the checkpoint it continues from, if any
KEY = 'hico_mm_resume'  # key in a checkpoint: what resuming needs in addition to MMEngine's own state
NAME = re.compile(r'(?:epoch|iter)_(\d+)\.pth')


class Found(NamedTuple):
    """The newest intact checkpoint of a folder (None if there is none), and a sentence for each that was skipped."""

    path: Optional[Path]
    left_out: List[str]


def find_last(work_dir: Union[str, Path]) -> Found:
    """Find the newest checkpoint in a folder from which training can be resumed.

    Only files in the folder itself count, so a run that was moved or copied resumes from its own files. A checkpoint
    is skipped, with a sentence, if it is damaged, has no optimizer, or belongs to an earlier run in the folder.
    ``latest.pth``, saved in the middle of an epoch, is used if it is at a later step than the epoch checkpoints. If
    the last run continues from a checkpoint that was named, and has no checkpoint of its own yet, that one is used.
    """
    folder, left_out = Path(work_dir), []
    numbers = {path: int(match[1]) for path in folder.glob('*.pth') if (match := NAME.fullmatch(path.name))}
    candidates, (run, source) = sorted(numbers, key=lambda path: -numbers[path]), current_run(folder)
    best, step = None, -1
    candidates = [folder / LATEST, *candidates] if (folder / LATEST).exists() else candidates
    for path in candidates if source is None or source in candidates else [*candidates, source]:
        try:
            checkpoint = load_checkpoint(path)
        except UserError as error:
            left_out.append(str(error))
            continue
        if run and path != source and (checkpoint.get(KEY) or {}).get('run') != run:
            left_out.append(f'{path} belongs to an earlier run than the one started last in this folder')
            continue
        if 'optimizer' not in checkpoint:
            left_out.append(f'{path} has no optimizer, so training cannot be resumed from it')
            continue
        taken = (checkpoint.get('meta') or {}).get('iter', 0)
        if taken >= step:
            best, step = path, taken
        if path.name != LATEST:
            break
    return Found(best, left_out)


class Run(NamedTuple):
    """A run: its name, and the checkpoint it continues from. Each is None if it is not recorded."""

    name: Optional[str] = None
    source: Optional[Path] = None


def current_run(folder: Union[str, Path]) -> Run:
    """Return the run that was started last in a folder."""
    try:
        name, _, source = Path(folder, RUN).read_text().partition('\n')
    except (OSError, ValueError):
        return Run()
    return Run(name or None, Path(folder, source) if source else None)


def source_of(runner: Any) -> str:
    """Return the checkpoint that a runner loads. MMEngine does not keep the path if it finds the last one itself."""
    return runner._load_from or find_latest_checkpoint(runner.work_dir) or 'the checkpoint'


def keep_to_folder(checkpoint: Dict[str, Any], source: Union[str, Path], work_dir: Union[str, Path]) -> None:
    """Make a resumed checkpoint refer only to files that this run wrote. It is changed in place.

    MMEngine deletes the best checkpoint named in the file when a better one is found, and old epochs by number. Paths
    are changed to files in the work directory. If the checkpoint comes from another folder, its paths are dropped. A
    best score whose file is not in this folder is dropped too, so that the folder gets its own best checkpoint.
    """
    info = (checkpoint.get('message_hub') or {}).get('runtime_info')
    if not isinstance(info, dict):
        return
    own = Path(source).resolve().parent == Path(work_dir).resolve()
    for key in [key for key in info if key.startswith(('best_ckpt', 'last_ckpt'))]:
        path = Path(work_dir) / Path(str(info[key])).name
        if own and path.is_file() and re.fullmatch(r'(?:best_.+|epoch_\d+|iter_\d+)\.pth', path.name):
            info[key] = str(path)
        else:
            _drop(checkpoint, key)
            _drop(checkpoint, key.replace('best_ckpt', 'best_score'))
    if 'keep_ckpt_ids' in info:
        numbers = info['keep_ckpt_ids']
        if own and isinstance(numbers, (list, tuple)) and all(type(number) is int for number in numbers):
            return
        _drop(checkpoint, 'keep_ckpt_ids')


def _drop(checkpoint: Dict[str, Any], key: str) -> None:
    for part in ('runtime_info', 'resumed_keys'):
        (checkpoint['message_hub'].get(part) or {}).pop(key, None)


def epochs_of(config: Config) -> Optional[int]:
    """Return the number of epochs that a config asks for, or None if the number of clips decides."""
    return None if config.train_cfg.get('min_steps') else config.train_cfg.get('max_epochs')


def check_unfinished(path: str, wanted: Optional[int]) -> None:
    """Check that a checkpoint was not trained for more epochs than are wanted.

    Raises:
        UserError: if it was, or the checkpoint does not exist or is damaged.
    """
    done = (load_checkpoint(path).get('meta') or {}).get('epoch')
    if isinstance(done, int) and isinstance(wanted, int) and done > wanted:
        raise UserError(f'{path} was trained for {done} epochs, but the config ends after {wanted}, so nothing is left '
                        f'to train: give --epochs above {done}, or an earlier checkpoint')
