"""Data: annotations, augmented views, batches."""

from typing import TYPE_CHECKING

from ..lazy import names_from

if TYPE_CHECKING:
    from .collate import skeleton_collate
    from .safe_pickle import load_plain_pickle
    from .skeleton_dataset import SkeletonDataset

__all__ = ['SkeletonDataset', 'load_plain_pickle', 'skeleton_collate']
__getattr__ = names_from(__name__, dict(
    SkeletonDataset='skeleton_dataset', load_plain_pickle='safe_pickle', skeleton_collate='collate'))
