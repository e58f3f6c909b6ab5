"""Synthetic demo data."""

from .motion import ACTIONS
from .recordings import make_recordings

__all__ = ['ACTIONS', 'make_recordings']
