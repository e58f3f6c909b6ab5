"""Evaluation of representations."""

from .dump_predictions import DumpPredictions
from .features import EncodedClips, encode, encode_batch

__all__ = ['DumpPredictions', 'EncodedClips', 'encode', 'encode_batch']
