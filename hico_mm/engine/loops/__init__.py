"""Loops the host lacks."""

from .feature_train_loop import FeatureTrainLoop

__all__ = ['FeatureTrainLoop']
