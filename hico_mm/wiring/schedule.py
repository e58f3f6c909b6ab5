"""Training for another number of epochs."""

from typing import Any

from mmengine.config import Config

from ..errors import UserError


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
    schedulers = config.get('param_scheduler') or []
    for scheduler in schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]:
        for key in {'milestones', 'begin', 'end', 'T_max'} & set(scheduler) if scheduler.get('by_epoch', True) else ():
            old: Any = scheduler[key]
            scheduler[key] = round(old * factor) if isinstance(old, int) else [round(place * factor) for place in old]
