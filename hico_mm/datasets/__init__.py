"""Data: annotations, augmented views, batches."""

from .collate import skeleton_collate
from .safe_pickle import load_plain_pickle
from .skeleton_dataset import SkeletonDataset
from .transforms import *  # noqa: F401,F403

__all__ = ['SkeletonDataset', 'load_plain_pickle', 'skeleton_collate']
