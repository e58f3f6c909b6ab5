"""Backbones: skeleton clip -> tokens."""

from .hico_backbone import HiCoBackbone

__all__ = ['HiCoBackbone']
