"""Heads: contrast, classification, retrieval."""

from .feature_queue import FeatureQueue
from .hierarchical_cls_head import HierarchicalClsHead
from .hierarchical_contrast_head import HierarchicalContrastHead
from .knn_head import KNNHead

__all__ = ['FeatureQueue', 'HierarchicalClsHead', 'HierarchicalContrastHead', 'KNNHead']
