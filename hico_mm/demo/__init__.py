"""Synthetic demo data."""

from .long_recordings import LongRecording, join_actions, make_long_recordings
from .motion import ACTIONS
from .poses_2d import make_poses_2d
from .recordings import make_recordings

__all__ = ['ACTIONS', 'LongRecording', 'join_actions', 'make_long_recordings', 'make_poses_2d', 'make_recordings']
