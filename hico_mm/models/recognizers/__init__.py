"""Recognizers: clip -> class scores."""

from .skeleton_recognizer import Origin, SkeletonRecognizer

__all__ = ['Origin', 'SkeletonRecognizer']
