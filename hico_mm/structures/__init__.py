"""Data classes of the hierarchy, level names and skeleton layouts."""

from .hierarchy import BRANCH_OF, BRANCHES, LEVELS, HierarchicalFeatures, InstanceFeatures, check_names
from .layout import LAYOUTS, SkeletonLayout, get_layout

__all__ = ['BRANCHES', 'BRANCH_OF', 'LAYOUTS', 'LEVELS', 'HierarchicalFeatures', 'InstanceFeatures', 'SkeletonLayout',
           'check_names', 'get_layout']
