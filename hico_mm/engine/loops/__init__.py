"""Loops that MMEngine does not provide."""

from .feature_train_loop import FeatureTrainLoop
from .resumable_train_loop import SCORES, ResumableTrainLoop

__all__ = ['SCORES', 'FeatureTrainLoop', 'ResumableTrainLoop']
