"""Losses as pure functions."""

from .info_nce import contrast_accuracy, info_nce

__all__ = ['contrast_accuracy', 'info_nce']
