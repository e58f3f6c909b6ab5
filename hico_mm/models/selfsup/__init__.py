"""Self-supervised models."""

from .hico import HiCo
from .key_encoder import KeyEncoder

__all__ = ['HiCo', 'KeyEncoder']
