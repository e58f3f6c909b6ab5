"""Recognizers, which turn clips into class scores."""

from .skeleton_recognizer import SkeletonRecognizer

__all__ = ['SkeletonRecognizer']
