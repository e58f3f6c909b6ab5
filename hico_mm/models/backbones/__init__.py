"""Backbones, which turn skeleton clips into tokens."""

from .hico_backbone import HiCoBackbone
from .raw_coordinates import RawCoordinates

__all__ = ['HiCoBackbone', 'RawCoordinates']
