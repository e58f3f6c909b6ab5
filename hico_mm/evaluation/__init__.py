"""Evaluation of representations."""

from .features import EncodedClips, encode

__all__ = ['EncodedClips', 'encode']
