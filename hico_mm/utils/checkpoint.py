"""What a checkpoint holds, and whether it fits a model."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple, Union

import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ..structures import SkeletonLayout
from .atomic import atomic_write

META_KEY = 'hico_mm'


def load_checkpoint(path: Union[str, Path]) -> dict:
    """Load a checkpoint to the CPU.

    Loaded as mmengine does: from torch 2.6 on, weights and plain data only; earlier versions do not protect from a file
    with code in it.

    Raises:
        ValueError: if the file is missing, truncated, or holds more than weights and plain data; the message names it.
    """
    if not Path(path).is_file():
        raise ValueError(f'checkpoint {path} does not exist')
    try:
        checkpoint = CheckpointLoader.load_checkpoint(str(path), map_location='cpu', logger='silent')
    except Exception as error:  # torch raises what the damaged bytes make of it
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f'checkpoint {path} is truncated or no checkpoint of plain weights ({reason}): copy it again, '
                         'or save it anew with the code it came from') from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f'checkpoint {path} holds a {type(checkpoint).__name__}, not a dict of weights')
    return checkpoint


def save_checkpoint(checkpoint: dict, path: Union[str, Path]) -> None:
    """Save a checkpoint, whole or not at all."""
    with atomic_write(path) as temporary:
        torch.save(checkpoint, temporary)


def weights_of(checkpoint: Mapping) -> Dict[str, Tensor]:
    """The weights of a checkpoint by name, without the prefix that DDP adds."""
    prefix = 'module.'
    weights = checkpoint.get('state_dict', checkpoint)
    return {name[len(prefix):] if name.startswith(prefix) else name: weight for name, weight in weights.items()}


def check_fit(needed: Mapping[str, Tensor], given: Mapping[str, Tensor], source: object, model: str) -> None:
    """Check that every weight that is needed is given, in the right shape.

    Args:
        needed: Weights of the model.
        given: Weights of the checkpoint.
        source: The checkpoint's path, for the message.
        model: The model's name, for the message.

    Raises:
        ValueError: naming the file, the first weight that does not fit, and the remedy.
    """
    for name, weight in needed.items():
        fault = _fault(weight, given.get(name))
        if fault:
            raise ValueError(f'{source} does not fit {model}: {name} {fault}; use a checkpoint of this encoder, width, '
                             'skeleton and number of classes, or the config it was trained with')


def _fault(wanted: Tensor, given: Optional[Tensor]) -> Optional[str]:
    if given is None:
        return 'is absent'
    if given.shape != wanted.shape:
        return f'has shape {tuple(given.shape)}, not {tuple(wanted.shape)}'
    return None


def config_to_json(model: dict, once: Optional[Sequence[dict]] = None) -> str:
    """What ``meta['hico_mm']`` holds, as JSON: plain data, nothing to execute.

    Args:
        model: Config of the model.
        once: Config of the deterministic transforms of its clips, which :func:`hico_mm.apis.extract` repeats; None if
            they are not known. Defaults to None.

    Raises:
        TypeError: if a config holds objects other than registered classes and skeleton layouts.
    """
    return json.dumps(Config(dict(model=model, once=once)).to_dict(), default=_plain)


def transforms_of(config: Mapping) -> Optional[Sequence[dict]]:
    """The deterministic transforms of the clips by a config: ``once`` of its ``SkeletonDataset``, None without one."""
    loader = config.get('test_dataloader') or config.get('train_dataloader')
    if not loader:
        return config.get('once')
    return loader['dataset'].get('once', []) if loader['dataset']['type'] == 'SkeletonDataset' else None


def _plain(value: Any) -> Any:
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, SkeletonLayout):
        return asdict(value)
    raise TypeError(f'the config holds {value!r}, which a checkpoint cannot carry: give its config '
                    'instead')


def config_from_json(checkpoint: Mapping, source: object) -> dict:
    """The config of the model that a checkpoint was trained with, and of what was done to its clips: see above.

    Raises:
        ValueError: if the checkpoint has none, or one that names anything but registered components: mmengine would
            import and call whatever a dotted ``type`` names.
    """
    try:
        content = json.loads((checkpoint.get('meta') or {})[META_KEY])
        config = dict(model=content['model'], once=content.get('once'))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{source} does not say which model it is of: give the config it was trained with') from error
    for key, value in _items(config):
        if key == '_scope_' or key == 'type' and not str(value).isidentifier():
            raise ValueError(f'{source} asks for {key}={value!r}, which is no registered component: give the config it '
                             'was trained with')
    return config


def _items(config: Any) -> Iterator[Tuple[str, Any]]:
    """All keys and values at any depth."""
    if isinstance(config, dict):
        yield from config.items()
    if isinstance(config, (dict, list)):
        for value in config.values() if isinstance(config, dict) else config:
            yield from _items(value)
