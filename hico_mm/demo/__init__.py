"""Synthetic demo data."""

from .long_recordings import LongRecording, join_actions, make_long_recordings
from .motion import ACTIONS
from .recordings import make_recordings

__all__ = ['ACTIONS', 'LongRecording', 'join_actions', 'make_long_recordings', 'make_recordings']
