"""Build models from checkpoints."""

from pathlib import Path
from typing import Union

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import nn

from ..checkpoints import EncoderSource, check_fit, leaves_encoder_out, take_encoder, takes_encoder, weights_of
from ..checkpoints.encoder import check_same_encoder, check_same_preparation
from ..errors import UserError
from ..wiring import complete_model, skeleton_datasets


def init_model(config: Union[str, Path, Config, None] = None,
               checkpoint: Union[str, Path, None] = None,
               device: Union[str, torch.device] = 'cpu') -> nn.Module:
    """Build a model and load its weights, ready for inference.

    Args:
        config: A config or its path. With None, the config saved in the checkpoint is used. If the config omits the
            encoder, the encoder is taken from the checkpoint.
        checkpoint: Checkpoint file. With None, the model keeps its initial weights.
        device: Device of the model. Defaults to 'cpu'.

    Returns:
        nn.Module: The model in eval mode. ``model.cfg`` is its config, with the completed ``model``, and with
        ``load_pipeline``, the deterministic transforms of its clips, or None if they are not known. ``model.classes``
        are the names of the classes, or None if the checkpoint does not record them.

    Raises:
        UserError: if neither a config nor a checkpoint is given, the device is not available, or the checkpoint is
            damaged, does not record its model, or does not fit the config.
    """
    if config is None and checkpoint is None:
        raise UserError('init_model needs a config, a checkpoint, or both')
    _check_device(device)
    source = EncoderSource.open(checkpoint) if checkpoint is not None else None
    if config is None:
        assert source is not None
        if source.description is None:
            raise UserError(f'{checkpoint} does not record its model: give the config it was trained with')
        own = Config(dict(model=source.model, load_pipeline=source.load_pipeline))
    else:
        given = config if isinstance(config, Config) else Config.fromfile(config)
        own = Config(dict(model=given.model, load_pipeline=_load_pipeline(given, source)))
    if source is not None and leaves_encoder_out(own.model):
        own.model = take_encoder(own.model, source)
    backbone = own.model.get('backbone') or {}
    if takes_encoder(own.model) and isinstance(backbone, dict) and 'type' not in backbone:
        raise UserError('the config takes its encoder from a checkpoint: pass a checkpoint to init_model too')
    own.model = complete_model(own.model)
    if source is not None and source.description is not None:
        check_same_encoder(own.model, source.model, checkpoint)
    model = MODELS.build(own.model)
    if source is not None and source.checkpoint is not None:
        weights = weights_of(source.checkpoint)
        check_fit(model.state_dict(), weights, checkpoint, type(model).__name__)
        model.load_state_dict(weights, strict=False)
    model.cfg = own
    model.classes = source.description.classes if source is not None and source.description is not None else None
    return model.to(device).eval()


def _check_device(device: Union[str, torch.device]) -> None:
    """Check that a device is valid and available.

    Raises:
        UserError: if it is not.
    """
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:  # from torch: an unknown name, or a missing GPU
        reason = str(error).splitlines()[0]
        reason = 'PyTorch does not know this name' if reason.startswith('Expected one of') else reason
        raise UserError(f'the device {device} is not available ({reason}): use "cpu", or "cuda" if PyTorch finds a '
                        'GPU') from error


def _load_pipeline(config: Config, source: 'EncoderSource | None') -> 'list | None':
    """Return the load pipeline of the checkpoint if it has one, else of the config. The two must not differ."""
    datasets = [dataset for _, dataset in skeleton_datasets(config)]
    given = config.get('load_pipeline', datasets[-1].get('load_pipeline') if datasets else None)
    if source is not None and source.load_pipeline is not None:
        if given is not None:
            check_same_preparation(given, source.load_pipeline, 'the config\'s dataset', source.path)
        return source.load_pipeline
    return [dict(type='NormalizeSkeleton')] if datasets and given is None else given
