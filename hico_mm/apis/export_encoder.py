"""Export the encoder of a checkpoint: its weights as safetensors, or a checkpoint of the encoder alone."""

from pathlib import Path
from typing import Dict, Union

from torch import Tensor

from ..checkpoints import META_KEY, EncoderSource, describe_model, save_checkpoint, take_encoder, weights_of
from ..errors import UserError
from ..fileio import atomic_write


def export_weights(checkpoint: Union[str, Path], path: Union[str, Path]) -> int:
    """Write the weights of the encoder of a checkpoint as safetensors, with its description as JSON in the metadata.

    Args:
        checkpoint: The checkpoint.
        path: File to write.

    Returns:
        The number of weights.

    Raises:
        UserError: if the package safetensors is missing, or the checkpoint cannot be used.
    """
    try:
        from safetensors.torch import save
    except ImportError:
        raise UserError('this format needs the package safetensors: pip install "hico_mm[export]"') from None
    source = EncoderSource.open(checkpoint)
    weights = encoder_weights(source)
    described = {} if source.description is None else dict(description=source.description.to_json())
    with atomic_write(path) as temporary:
        temporary.write_bytes(save(weights, metadata=described))
    return sum(weight.numel() for weight in weights.values())


def export_encoder(checkpoint: Union[str, Path], path: Union[str, Path]) -> int:
    """Write a checkpoint of the encoder alone, with the description of the original.

    Args:
        checkpoint: The checkpoint.
        path: File to write.

    Returns:
        The number of weights.

    Raises:
        UserError: if the checkpoint has no weights or no description.
    """
    source = EncoderSource.open(checkpoint)
    weights = encoder_weights(source)
    if source.description is None:
        raise UserError(f'{checkpoint} does not record its model: export it as .safetensors')
    model = take_encoder(dict(type='SkeletonRecognizer'), source)
    description = describe_model(**dict(vars(source.description), model=model))
    save_checkpoint(dict(state_dict=weights, meta={META_KEY: description.to_json()}), path)
    return sum(weight.numel() for weight in weights.values())


def encoder_weights(source: EncoderSource) -> Dict[str, Tensor]:
    """Return the weights of backbone and neck.

    Raises:
        UserError: if the source is a config.
    """
    if source.checkpoint is None:
        raise UserError(f'{source.path} has no weights: give a checkpoint')
    return {name: weight.contiguous() for name, weight in weights_of(source.checkpoint).items()
            if name.split('.')[0] in ('backbone', 'neck')}
