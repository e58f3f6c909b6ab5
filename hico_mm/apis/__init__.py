"""Use models from Python."""

from .describe_checkpoint import describe_checkpoint, print_checkpoint
from .extract import extract
from .init_model import init_model

__all__ = ['describe_checkpoint', 'extract', 'init_model', 'print_checkpoint']
