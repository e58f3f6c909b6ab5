"""Projectors: hierarchical features -> embeddings to contrast."""

from .hierarchical_projector import HierarchicalProjector

__all__ = ['HierarchicalProjector']
