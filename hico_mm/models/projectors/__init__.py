"""Projectors, which turn hierarchical features into embeddings for the contrast."""

from .hierarchical_projector import HierarchicalProjector

__all__ = ['HierarchicalProjector']
