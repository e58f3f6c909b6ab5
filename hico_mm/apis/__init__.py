"""Using models from Python."""

from .extract import extract
from .init_model import init_model

__all__ = ['extract', 'init_model']
