"""Models from checkpoints."""

from pathlib import Path
from typing import Union

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import nn

from ..utils.checkpoint import check_fit, config_from_json, load_checkpoint, weights_of


def init_model(config: Union[str, Path, Config, None] = None,
               checkpoint: Union[str, Path, None] = None,
               device: Union[str, torch.device] = 'cpu') -> nn.Module:
    """Build a model and load its weights, ready to infer.

    Args:
        config: Config or its file; None for the model that the checkpoint was trained with, whose config travels in it.
        checkpoint: Checkpoint file; None for the initial weights.
        device: Where to put the model. Defaults to 'cpu'.

    Returns:
        The model in eval mode; ``model.cfg`` is its config.

    Raises:
        ValueError: if neither is given, or the checkpoint is broken, does not say what it is of, or does not fit.
    """
    if config is None and checkpoint is None:
        raise ValueError('init_model needs a config, a checkpoint, or both')
    loaded = load_checkpoint(checkpoint) if checkpoint is not None else None
    if config is None:
        config = Config(config_from_json(loaded or {}, checkpoint))
    elif not isinstance(config, Config):
        config = Config.fromfile(config)
    assert isinstance(config, Config)
    model = MODELS.build(config.model)
    if loaded is not None:
        weights = weights_of(loaded)
        check_fit(model.state_dict(), weights, checkpoint, type(model).__name__)
        model.load_state_dict(weights, strict=False)
    model.cfg = config
    return model.to(device).eval()
