"""Training for another number of epochs."""

from typing import Any

from mmengine.config import Config

from ..errors import UserError

PLACES = {'milestones', 'begin', 'end', 'T_max', 'step_size', 'periods', 'restart_periods', 'total_steps'}


def scale_schedule(config: Config, epochs: int) -> None:
    """Rescale the schedule to ``epochs`` epochs, with its steps in proportion."""
    if config.train_cfg.get('max_epochs') is None:
        raise UserError('--epochs needs a config whose train_cfg has max_epochs; this one counts iterations: set '
                        '--cfg-options train_cfg.max_iters=N')
    factor = epochs / config.train_cfg.max_epochs
    config.train_cfg.max_epochs = epochs
    config.train_cfg.pop('min_steps', None)
    if 'val_begin' in config.train_cfg:
        config.train_cfg.val_begin = min(config.train_cfg.val_begin, epochs)
    scale_places(config.get('param_scheduler'), factor)


def scale_places(schedulers: Any, factor: float) -> None:
    """Multiply the epochs in the configs of schedulers by a factor, in place. Steps that are iterations stay."""
    for scheduler in schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]:
        if not isinstance(scheduler, dict) or not scheduler.get('by_epoch', True):
            continue
        for key in PLACES & set(scheduler):
            old: Any = scheduler[key]
            if old is None:  # MMEngine takes the length of the run
                continue
            least = 1 if key in ('step_size', 'periods') else 0
            scheduler[key] = max(least, round(old * factor)) if isinstance(old, int) else [
                max(least, round(place * factor)) for place in old]
