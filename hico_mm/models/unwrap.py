"""Access to wrapped models."""

from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def unwrap(model: nn.Module) -> Any:
    """Return the model inside DDP or another wrapper."""
    return model.module if is_model_wrapper(model) else model
