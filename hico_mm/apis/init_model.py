"""Models from checkpoints."""

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
    """Build a model and load its weights, ready to infer.

    Args:
        config: Config or its file; None for the model that the checkpoint was trained with, whose config travels in it.
            One that leaves its encoder out takes it from the checkpoint.
        checkpoint: Checkpoint file; None for the initial weights.
        device: Where to put the model. Defaults to 'cpu'.

    Returns:
        The model in eval mode. ``model.cfg`` is its config: ``model``, completed, and ``load_pipeline``, the
        deterministic transforms of its clips, None if they are not known.

    Raises:
        UserError: if neither is given, there is no such device, or the checkpoint is broken, does not say what it is
            of, or does not fit.
    """
    if config is None and checkpoint is None:
        raise UserError('init_model needs a config, a checkpoint, or both')
    _check_device(device)
    source = EncoderSource.open(checkpoint) if checkpoint is not None else None
    if config is None:
        assert source is not None
        if source.description is None:
            raise UserError(f'{checkpoint} does not say which model it is of: give the config it was trained with')
        own = Config(dict(model=source.model, load_pipeline=source.load_pipeline))
    else:
        given = config if isinstance(config, Config) else Config.fromfile(config)
        own = Config(dict(model=given.model, load_pipeline=_load_pipeline(given, source)))
    if source is not None and leaves_encoder_out(own.model):
        own.model = take_encoder(own.model, source)
    backbone = own.model.get('backbone') or {}
    if takes_encoder(own.model) and isinstance(backbone, dict) and 'type' not in backbone:
        raise UserError('the config takes its encoder from a checkpoint: give init_model a checkpoint too')
    own.model = complete_model(own.model)
    if source is not None and source.description is not None:
        check_same_encoder(own.model, source.model, checkpoint)
    model = MODELS.build(own.model)
    if source is not None and source.checkpoint is not None:
        weights = weights_of(source.checkpoint)
        check_fit(model.state_dict(), weights, checkpoint, type(model).__name__)
        model.load_state_dict(weights, strict=False)
    model.cfg = own
    return model.to(device).eval()


def _check_device(device: Union[str, torch.device]) -> None:
    """Check that a device is one, and that it is there.

    Raises:
        UserError: if it is not.
    """
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:  # torch's, for a name it does not know and for a missing GPU
        reason = str(error).splitlines()[0]
        reason = 'PyTorch knows no such name' if reason.startswith('Expected one of') else reason
        raise UserError(f'the device {device} is not there ({reason}): use "cpu", or "cuda" where PyTorch sees a GPU') \
            from error


def _load_pipeline(config: Config, source: 'EncoderSource | None') -> 'list | None':
    """The load pipeline of a checkpoint, which the config may not contradict, else that of the config."""
    datasets = [dataset for _, dataset in skeleton_datasets(config)]
    given = config.get('load_pipeline', datasets[-1].get('load_pipeline') if datasets else None)
    if source is not None and source.load_pipeline is not None:
        if given is not None:
            check_same_preparation(given, source.load_pipeline, 'the config\'s dataset', source.path)
        return source.load_pipeline
    return [dict(type='NormalizeSkeleton')] if datasets and given is None else given
