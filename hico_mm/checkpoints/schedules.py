"""Follow the schedule of the config when a run is resumed."""

import warnings
from typing import Any, Dict, Iterator, List, Optional, Sequence

from mmengine.optim import ReduceOnPlateauParamScheduler

from ..errors import UserError
from .resume import KEY

# The parts of a scheduler's state that change during training, or that determine no learning rate. All others come from
# its config.
RUNNING = ('base_values', 'last_step', 'verbose', '_global_step', '_last_value', 'best', 'num_bad_epochs',
           'cooldown_counter', 'mode_worse')


def follow_schedule(checkpoint: Dict[str, Any], schedulers: Any, optimizer: Any, epoch_length: int,
                    source: object) -> Optional[str]:
    """Make a resumed run follow the schedule of its config from now on, if that differs from the saved one.

    MMEngine would continue the old schedule: a run of 451 epochs that is resumed for 900 would spend the rest at its
    last learning rate. Here the new schedule is stepped up to the position of the checkpoint, without training.

    Args:
        checkpoint: The checkpoint, whose schedulers and learning rates are changed in place.
        schedulers: MMEngine's schedulers, built from the config and not stepped yet.
        optimizer: Their optimizer.
        epoch_length: Current number of steps per epoch, which changes with the batch size.
        source: Path of the checkpoint, for the message.

    Returns:
        A sentence that says what has changed, or None if nothing has.

    Raises:
        UserError: if the schedule has changed in a way that cannot be followed; the message says what to do.
    """
    states = checkpoint.get('param_schedulers') or []
    if not isinstance(schedulers, list) or not isinstance(states, list):
        return None
    _extend(states, schedulers)
    changed = ', '.join(_changes(states, schedulers))
    before, now = checkpoint['optimizer']['param_groups'], optimizer.param_groups
    reason = _other_kinds(checkpoint, schedulers)
    if not changed and reason is None:
        return None
    if reason is None and any(isinstance(scheduler, ReduceOnPlateauParamScheduler) for scheduler in schedulers):
        reason = f'{changed}, and it depends on scores'
    elif reason is None and [group.get('initial_lr') for group in before] != [group.get('initial_lr') for group in now]:
        reason = f'{changed}, and the learning rate has changed too'
    if reason:
        raise UserError(f'the run of {source} has a schedule with {reason}: the new schedule cannot be followed from '
                        'here on. Resume with the original schedule, or start a new run from it with --pretrained')
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


def _other_kinds(checkpoint: Dict[str, Any], schedulers: Sequence[Any]) -> Optional[str]:
    """Return a phrase that says which other schedulers a checkpoint has, or None if it has the same ones."""
    count, kinds = len(checkpoint.get('param_schedulers') or []), (checkpoint.get(KEY) or {}).get('schedulers')
    now = schedulers_of(schedulers)
    if count != len(now):
        return f'{count} schedulers, but the config has {len(now)}'
    if kinds and kinds != now:
        return f'{" and ".join(kinds)}, but the config has {" and ".join(now)}'
    return None


def _changes(states: Sequence[dict], schedulers: Sequence[Any]) -> Iterator[str]:
    """Yield what the configs of schedulers say otherwise than their saved states."""
    for state, scheduler in zip(states, schedulers):
        for key in (key for key in state if key not in RUNNING and hasattr(scheduler, key)):
            then, now = _plain(state[key]), _plain(getattr(scheduler, key))
            if then != now:
                yield f'{key}={then} before and {now} now'


def _extend(states: Sequence[dict], schedulers: Sequence[Any]) -> None:
    """Extend saved states to the end that the config has now, in place, if all rates so far are the same with it.

    Schedulers without an end of their own, such as one with milestones, last as long as the run.
    """
    for state, scheduler in zip(states, schedulers):
        end = getattr(scheduler, 'end', None)
        if end is not None and {'end', '_global_step'} <= state.keys():
            state['end'] = end if state['_global_step'] <= min(state['end'], end) else state['end']


def schedulers_of(schedulers: Any) -> List[str]:
    """Return the names of the classes of schedulers, as a checkpoint records them."""
    return [type(scheduler).__name__ for scheduler in schedulers] if isinstance(schedulers, list) else []


def _step(schedulers: Sequence[Any], ends: Sequence[int]) -> None:
    """Step schedulers up to ``ends``, interleaved as in training, since each multiplies the current value."""
    total = max(ends)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch expects a step of the optimizer first
        for step in range(1, total + 1):
            for scheduler, end in zip(schedulers, ends):
                while scheduler._global_step < min(end, step * end // total):
                    scheduler.step()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, dict) else value
