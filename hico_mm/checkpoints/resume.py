"""Resuming: the newest checkpoint of a run that is intact, and state that does not reach beyond the run's folder."""

import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

from ..errors import UserError
from .file import load_checkpoint

NAME = re.compile(r'(?:epoch|iter)_(\d+)\.pth')
# What of a scheduler's state is set by its config, and decides the learning rates to come.
SCHEDULE = ('T_max', 'milestones', 'total_iters', 'gamma', 'eta_min', 'start_factor', 'end_factor', 'step_size',
            'power')


class Found(NamedTuple):
    """The newest intact checkpoint of a folder, None if there is none, and a sentence for each that was left out."""

    path: Optional[Path]
    left_out: List[str]


def find_last(work_dir: Union[str, Path]) -> Found:
    """Find the newest checkpoint in a folder from which training can be resumed.

    Only names in the folder itself count, so a run that was moved or copied resumes from its own files. One that is
    damaged, or lacks an optimizer, is left out.
    """
    folder = Path(work_dir)
    left_out: List[str] = []
    found = sorted((path for path in folder.glob('*.pth') if NAME.fullmatch(path.name)),
                   key=lambda path: int(NAME.fullmatch(path.name)[1]), reverse=True)  # type: ignore[index]
    for path in found:
        try:
            if 'optimizer' in load_checkpoint(path):
                return Found(path, left_out)
            left_out.append(f'{path} has no optimizer, so training cannot be resumed from it')
        except UserError as error:
            left_out.append(str(error))
    return Found(None, left_out)


def keep_to_folder(checkpoint: Dict[str, Any], source: Union[str, Path], work_dir: Union[str, Path]) -> None:
    """Let a resumed checkpoint name only files that this run wrote, in place.

    MMEngine removes the best checkpoint that the file names when a better one comes, and old epochs by their number.
    Paths become names in the work directory. From another folder nothing is taken over.
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
    if 'keep_ckpt_ids' in info:
        numbers = info['keep_ckpt_ids']
        if own and isinstance(numbers, (list, tuple)) and all(type(number) is int for number in numbers):
            return
        _drop(checkpoint, 'keep_ckpt_ids')


def _drop(checkpoint: Dict[str, Any], key: str) -> None:
    for part in ('runtime_info', 'resumed_keys'):
        (checkpoint['message_hub'].get(part) or {}).pop(key, None)


def check_same_schedule(checkpoint: Dict[str, Any], schedulers: Sequence[Any], source: object) -> None:
    """Check that a resumed run has the schedule that it began with, since its position in it is resumed.

    Args:
        checkpoint: The checkpoint.
        schedulers: MMEngine's schedulers of the learning rate, built from the config.
        source: Path of the checkpoint, for the message.

    Raises:
        UserError: naming the difference and what to do.
    """
    for state, scheduler in zip(checkpoint.get('param_schedulers') or [], schedulers):
        for key in SCHEDULE:
            before, now = state.get(key), getattr(scheduler, key, None)
            if before is not None and now is not None and _plain(before) != _plain(now):
                raise UserError(
                    f'{source} is of a run whose schedule has {key}={_plain(before)}, but the config has '
                    f'{_plain(now)}. A run keeps its schedule when it is resumed: use the same --epochs, or start a '
                    'new run from it with --pretrained')


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, dict) else value
