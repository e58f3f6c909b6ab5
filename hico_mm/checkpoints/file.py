"""Load and save checkpoint files, and check that their weights fit a model."""

import io
import zipfile
from pathlib import Path
from typing import Dict, Mapping, Optional, Union

import torch
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ..errors import UserError
from ..fileio import atomic_write
from ..shipped import find_checkpoint, shipped_weights


def load_checkpoint(path: Union[str, Path]) -> dict:
    """Load a checkpoint, or weights that come with the package, to the CPU.

    Only weights and plain data are loaded, and the checksums of the file are checked.

    Raises:
        UserError: if the file is missing or truncated, or contains anything other than weights and plain data. The
            message names the file.
    """
    path = find_checkpoint(path)
    if not path.is_file():
        what = 'is not a file' if path.exists() else 'does not exist'
        names = '' if path.suffix else f', or use weights that come with the package: {", ".join(shipped_weights())}'
        raise UserError(f'checkpoint {path} {what}: check the path{names}')
    try:
        _check_crc(path)
        checkpoint = CheckpointLoader.load_checkpoint(str(path), map_location='cpu', logger='silent')
    except (MemoryError, PermissionError):
        raise  # a fault of the machine, not of the file
    except Exception as error:  # damaged bytes can make torch raise anything
        raise UserError(f'checkpoint {path} is truncated or not a checkpoint of plain weights ({_reason(error)}): copy '
                        'it again, or save it again with the code it came from') from error
    if not isinstance(checkpoint, dict):
        raise UserError(f'checkpoint {path} holds a {type(checkpoint).__name__}, not a dict of weights')
    return checkpoint


def _reason(error: Exception) -> str:
    """Return the first sentence of an error from torch, without its advice to load the file unsafely."""
    if isinstance(error, EOFError):
        return 'it is empty'
    sentence = str(error).splitlines()[0].split('. ')[0] if str(error) else type(error).__name__
    return 'it contains more than weights' if sentence == 'Weights only load failed' else sentence


def _check_crc(path: Union[str, Path]) -> None:
    """Compare the checksums in torch's zip format with the content. Torch does not, so it loads flipped bits."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f'the checksum of its {damaged.split("/", 1)[-1]} is wrong')


def save_checkpoint(checkpoint: dict, path: Union[str, Path]) -> None:
    """Save a checkpoint completely or not at all.

    Raises:
        OSError: if it cannot be written; the message says what to do.
    """
    content = io.BytesIO()  # on a full disk, torch's own error names neither the file nor the reason
    torch.save(checkpoint, content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def weights_of(checkpoint: Mapping) -> Dict[str, Tensor]:
    """Return the weights of a checkpoint by name, without the prefix that DDP adds.

    Raises:
        UserError: if the checkpoint has no dict of weights by name.
    """
    prefix = 'module.'
    weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, Mapping) or not all(isinstance(name, str) for name in weights):
        raise UserError('the state_dict of the checkpoint is not a dict of weights by name: save it again with the '
                        'code it came from')
    return {name[len(prefix):] if name.startswith(prefix) else name: weight for name, weight in weights.items()}


def check_fit(needed: Mapping[str, Tensor], given: Mapping[str, Tensor], source: object, model: str) -> None:
    """Check that every required weight is present and has the right shape.

    Args:
        needed: Weights of the model.
        given: Weights of the checkpoint.
        source: The checkpoint's path, for the message.
        model: The model's name, for the message.

    Raises:
        UserError: if one is not; the message names the file, the first such weight, and what to do.
    """
    for name, weight in needed.items():
        fault = _fault(weight, given.get(name))
        if fault:
            raise UserError(f'{source} does not fit {model}: {name} {fault}; use a checkpoint with the same encoder, '
                            'width, skeleton and number of classes, or the config it was trained with')


def _fault(wanted: Tensor, given: Optional[Tensor]) -> Optional[str]:
    if given is None:
        return 'is missing'
    if not isinstance(given, Tensor):
        return f'is a {type(given).__name__}, not a tensor'
    if given.shape != wanted.shape:
        return f'has shape {tuple(given.shape)}, not {tuple(wanted.shape)}'
    return None
