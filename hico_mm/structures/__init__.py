"""Data classes of the hierarchy, names of levels and streams, and skeleton layouts."""

from .hierarchy import (
    BRANCH_OF,
    BRANCHES,
    LEVELS,
    VECTOR_LEVELS,
    HierarchicalFeatures,
    InstanceFeatures,
    check_level,
    check_names,
)
from .layout import LAYOUTS, SkeletonLayout, get_layout
from .streams import STREAMS, split_streams

__all__ = ['BRANCHES', 'BRANCH_OF', 'LAYOUTS', 'LEVELS', 'STREAMS', 'VECTOR_LEVELS', 'HierarchicalFeatures',
           'InstanceFeatures', 'SkeletonLayout', 'check_level', 'check_names', 'get_layout', 'split_streams']
