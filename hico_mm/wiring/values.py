"""Check config values: their types and ranges."""

import inspect
from numbers import Integral, Real
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union, get_args, get_origin

from mmengine.config import Config

from ..errors import LARGEST_SEED, UserError
from .complete import plain

_NONE = type(None)
# The values that an annotated type accepts, in words and as a type.
KINDS: Dict[Any, Tuple[str, Any]] = {
    int: ('a whole number', Integral), float: ('a number', Real), bool: ('True or False', bool), str: ('text', str)}
_SPLITS = ('train', 'val', 'test')
# Whole numbers by dotted key, with their minimum.
LEAST: Dict[str, int] = {
    **{f'{split}_dataloader.batch_size': 1 for split in _SPLITS},
    **{f'{split}_dataloader.num_workers': 0 for split in _SPLITS},
    **{f'train_cfg.{name}': 1 for name in ('max_epochs', 'max_iters', 'batch_size', 'val_interval')},
    'train_cfg.val_begin': 0,
    'optim_wrapper.accumulative_counts': 1}


def check_values(config: Config, source: object) -> None:
    """Check the basic numbers for training: batch sizes, workers, epochs, values of the optimizer and seed.

    The parts of validation and test must also be complete.

    Raises:
        UserError: if one is invalid; the message names the key, its value and the allowed values.
    """
    for place, least in LEAST.items():
        value = _place(config, place)
        if value is not None and (not isinstance(value, Integral) or isinstance(value, bool) or value < least):
            raise UserError(f'{source}: {place} must be a whole number of at least {least}, got {value!r}')
    for split in 'val', 'test':  # MMEngine needs all three or none
        parts = [f'{split}_{part}' for part in ('dataloader', 'cfg', 'evaluator')]
        missing = [part for part in parts if config.get(part) is None]
        if 0 < len(missing) < len(parts):
            raise UserError(f'{source} has no {" and ".join(missing)}: {", ".join(parts)} belong together, so set all '
                            'of them, or all to None')
    for name in 'lr', 'momentum', 'weight_decay':
        place = f'optim_wrapper.optimizer.{name}'
        value = _place(config, place)
        if value is not None and (not isinstance(value, (int, float)) or not value >= 0):
            raise UserError(f'{source}: {place} must be a number of at least 0, got {value!r}')
    seed = _place(config, 'randomness.seed')
    if seed is not None and (not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED):
        raise UserError(f'{source}: the seed must be a whole number from 0 to {LARGEST_SEED}, got {seed!r}')


def check_type(target: Optional[Callable], key: str, value: Any, place: str, source: object) -> None:
    """Check a value against the annotation of the argument, if that is a plain type or a union of plain types.

    Args:
        target: The class; only classes of this package are checked.
        key: Name of the argument.
        value: Its value. None is allowed, since it is completed later.
        place: Dotted key of the component.
        source: Path of the config, for the message.

    Raises:
        UserError: if the type is wrong; the message names the argument, its value and the allowed types.
    """
    allowed = [kind for kind in _annotated(target, key) if kind is not _NONE]
    if value is None or not allowed or any(kind not in KINDS for kind in allowed):
        return
    if not any(isinstance(value, KINDS[kind][1]) and (kind is bool or not isinstance(value, bool)) for kind in allowed):
        said = ' or '.join(KINDS[kind][0] for kind in allowed)
        raise UserError(f'{source}: {place}.{key} must be {said}, got {plain(value)!r}')


def _annotated(target: Optional[Callable], key: str) -> List[Any]:
    """Return the annotated types of an argument of one of our classes, from the nearest base class that has it."""
    for cls in _ours(target):
        parameters = inspect.signature(cls).parameters
        if key in parameters:
            kind = parameters[key].annotation
            return list(get_args(kind)) if get_origin(kind) is Union else [kind]
    return []


def _ours(target: Optional[Callable]) -> Iterator[type]:
    if inspect.isclass(target):
        yield from (cls for cls in inspect.getmro(target)
                    if cls.__module__.startswith('hico_mm') and '__init__' in vars(cls))


def _place(config: Config, place: str) -> Any:
    value: Any = config
    for key in place.split('.'):
        value = value.get(key) if isinstance(value, (dict, Config)) else None
    return value
