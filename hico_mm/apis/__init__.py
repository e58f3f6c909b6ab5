"""Use models from Python."""

from .describe_checkpoint import describe_checkpoint, print_checkpoint
from .extract import extract
from .inferencer import SkeletonInferencer
from .init_model import init_model
from .moments import find_moments
from .read_clip import read_clip
from .search import SkeletonSearch

__all__ = ['SkeletonInferencer', 'SkeletonSearch', 'describe_checkpoint', 'extract', 'find_moments', 'init_model',
           'print_checkpoint', 'read_clip']
