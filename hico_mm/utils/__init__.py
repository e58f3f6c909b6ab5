"""Helpers without a better home."""

from .atomic import atomic_write, dump_pickle
from .launch import build_runner
from .unwrap import unwrap

__all__ = ['atomic_write', 'build_runner', 'dump_pickle', 'unwrap']
