"""Evaluation of representations."""

from .features import EncodedClips, encode, encode_batch

__all__ = ['EncodedClips', 'encode', 'encode_batch']
