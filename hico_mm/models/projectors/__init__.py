"""Projectors, which turn hierarchical features into embeddings for the losses."""

from .hierarchical_projector import HierarchicalExpander, HierarchicalProjector

__all__ = ['HierarchicalExpander', 'HierarchicalProjector']
