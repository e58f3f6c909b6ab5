"""Plots of skeletons and of training."""

from .curves import plot_curves
from .skeletons import plot_clips

__all__ = ['plot_clips', 'plot_curves']
