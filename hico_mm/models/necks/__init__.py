"""Necks, which turn tokens into hierarchical features."""

from .udm import UDM
from .udm_neck import UDMNeck

__all__ = ['UDM', 'UDMNeck']
