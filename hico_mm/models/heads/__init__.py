"""Heads: contrast, decorrelation, classification, retrieval."""

from .feature_queue import FeatureQueue
from .hierarchical_cls_head import HierarchicalClsHead
from .hierarchical_contrast_head import HierarchicalContrastHead
from .hierarchical_decorrelation_head import HierarchicalDecorrelationHead
from .knn_head import KNNHead

__all__ = [
    'FeatureQueue', 'HierarchicalClsHead', 'HierarchicalContrastHead', 'HierarchicalDecorrelationHead', 'KNNHead'
]
