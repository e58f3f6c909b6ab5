"""What a checkpoint holds, and whether it fits a model."""

import json
from pathlib import Path
from typing import Dict, Mapping, Optional, Union

import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from torch import Tensor

from .atomic import atomic_write

META_KEY = 'hico_mm'


def load_checkpoint(path: Union[str, Path]) -> dict:
    """Load a checkpoint to the CPU.

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


def model_to_json(model: dict) -> str:
    """The config of a model as JSON, for ``meta['hico_mm']``: plain data, nothing to execute."""
    return json.dumps(dict(model=Config(dict(model=model)).to_dict()['model']))


def model_from_json(checkpoint: Mapping, source: object) -> dict:
    """The config of the model that a checkpoint was trained with.

    Raises:
        ValueError: if the checkpoint has none.
    """
    text = checkpoint.get('meta', {}).get(META_KEY)
    if text is None:
        raise ValueError(f'{source} does not say which model it is of: give the config it was trained with')
    return json.loads(text)['model']
