"""Resuming: the newest checkpoint of a run that is intact, and state that fits its folder and its config."""

import re
import warnings
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

from mmengine.optim import ReduceOnPlateauParamScheduler
from mmengine.runner import find_latest_checkpoint

from ..errors import UserError
from .file import load_checkpoint

LATEST = 'latest.pth'  # written on a signal, or by the clock
RUN = '.run'  # names the run that was begun last in a folder
KEY = 'hico_mm_resume'  # of a checkpoint: what resuming needs beside MMEngine's own
NAME = re.compile(r'(?:epoch|iter)_(\d+)\.pth')
# The parts of a scheduler's state that come from its config, and decide the learning rates to come.
SCHEDULE = ('T_max', 'milestones', 'total_iters',
            'gamma', 'eta_min', 'start_factor', 'end_factor', 'step_size', 'power')


class Found(NamedTuple):
    """The newest intact checkpoint of a folder, None if there is none, and a sentence for each that was left out."""

    path: Optional[Path]
    left_out: List[str]


def find_last(work_dir: Union[str, Path]) -> Found:
    """Find the newest checkpoint in a folder from which training can be resumed.

    Only names in the folder itself count, so a run that was moved or copied resumes from its own files. One that is
    damaged, lacks an optimizer, or is of an earlier run in the folder, is left out, with a sentence. ``latest.pth``,
    of the middle of an epoch, counts if it is of a later step than the epochs.
    """
    folder, left_out = Path(work_dir), []
    numbers = {path: int(match[1]) for path in folder.glob('*.pth') if (match := NAME.fullmatch(path.name))}
    candidates, run = sorted(numbers, key=lambda path: -numbers[path]), current_run(folder)
    best, step = None, -1
    for path in [folder / LATEST, *candidates] if (folder / LATEST).exists() else candidates:
        try:
            checkpoint = load_checkpoint(path)
        except UserError as error:
            left_out.append(str(error))
            continue
        if run and (checkpoint.get(KEY) or {}).get('run') != run:
            left_out.append(f'{path} is of an earlier run than the one begun last in this folder')
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


def current_run(folder: Union[str, Path]) -> Optional[str]:
    """The name of the run that was begun last in a folder; None if the folder does not say it."""
    try:
        return Path(folder, RUN).read_text() or None
    except (OSError, ValueError):
        return None


def source_of(runner: Any) -> str:
    """The checkpoint that a runner loads, whose path MMEngine does not keep when it finds the last one itself."""
    return runner._load_from or find_latest_checkpoint(runner.work_dir) or 'the checkpoint'


def keep_to_folder(checkpoint: Dict[str, Any], source: Union[str, Path], work_dir: Union[str, Path]) -> None:
    """Let a resumed checkpoint name only files that this run wrote, in place.

    MMEngine removes the best checkpoint that the file names when a better one comes, and old epochs by their number.
    Paths become names in the work directory. From another folder nothing is taken over. A best score whose file is not
    here goes too, so that this folder gets a best checkpoint of its own.
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


def follow_schedule(checkpoint: Dict[str, Any], schedulers: Any, optimizer: Any, epoch_length: int,
                    source: object) -> Optional[str]:
    """Let a resumed run follow the schedule of its config from its place on, if that is not the one it began with.

    MMEngine would go on with the old one: a run of 451 epochs that is resumed for 900 would spend the rest at its last
    learning rate. Here the new schedule is run up to the place of the checkpoint, without training.

    Args:
        checkpoint: The checkpoint, whose schedulers and learning rates are changed in place.
        schedulers: MMEngine's schedulers, built from the config and not stepped yet.
        optimizer: The optimizer they are of.
        epoch_length: Steps of an epoch now, which another batch size changes.
        source: Path of the checkpoint, for the message.

    Returns:
        A sentence that says what has changed; None if nothing has.

    Raises:
        UserError: if the schedule has changed in a way that cannot be followed, with the remedy.
    """
    states = checkpoint.get('param_schedulers') or []
    if not isinstance(schedulers, list) or not isinstance(states, list):
        return None
    changed = ', '.join(f'{key}={_plain(state[key])} before and {_plain(getattr(scheduler, key))} now'
                        for state, scheduler in zip(states, schedulers) for key in SCHEDULE
                        if key in state and hasattr(scheduler, key)
                        and _plain(state[key]) != _plain(getattr(scheduler, key)))
    if not changed and len(states) == len(schedulers):
        return None
    before, now = checkpoint['optimizer']['param_groups'], optimizer.param_groups
    reason = None
    if len(states) != len(schedulers):
        reason = f'{len(states)} schedulers, and the config {len(schedulers)}'
    elif any(isinstance(scheduler, ReduceOnPlateauParamScheduler) for scheduler in schedulers):
        reason = f'{changed}, and it depends on scores'
    elif [group.get('initial_lr') for group in before] != [group.get('initial_lr') for group in now]:
        reason = f'{changed}, and the learning rate has changed too'
    if reason:
        raise UserError(f'{source} is of a run whose schedule has {reason}: it cannot be followed from its place on. '
                        'Resume with the schedule it began with, or start a new run from it with --pretrained')
    epochs, steps = checkpoint['meta']['epoch'], checkpoint['meta']['iter']
    if epochs and steps % epochs == 0:  # saved at the end of an epoch
        steps = epochs * epoch_length
    _step(schedulers, [state['_global_step'] if scheduler.by_epoch else steps
                       for state, scheduler in zip(states, schedulers)])
    checkpoint['param_schedulers'] = [scheduler.state_dict() for scheduler in schedulers]
    for name in {scheduler.param_name for scheduler in schedulers}:
        for old, new in zip(before, now):
            old[name] = new[name]
    return f'the schedule has {changed}: the new one is followed from here on'


def _step(schedulers: Sequence[Any], ends: Sequence[int]) -> None:
    """Step schedulers up to ``ends``, side by side as in training, since each multiplies what it finds."""
    total = max(ends)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch expects a step of the optimizer first
        for step in range(1, total + 1):
            for scheduler, end in zip(schedulers, ends):
                while scheduler._global_step < min(end, step * end // total):
                    scheduler.step()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, dict) else value
