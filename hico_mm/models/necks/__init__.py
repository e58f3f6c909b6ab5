"""Necks: tokens -> hierarchical features."""

from .udm import UDM
from .udm_neck import UDMNeck

__all__ = ['UDM', 'UDMNeck']
