"""Losses as pure functions."""

from .info_nce import contrast_accuracy, info_nce
from .vicreg import vicreg

__all__ = ['contrast_accuracy', 'info_nce', 'vicreg']
