"""Hooks that MMEngine does not provide."""

from .checkpoint_description_hook import CheckpointDescriptionHook
from .checkpoint_fit_hook import CheckpointFitHook
from .data_check_hook import DataCheckHook
from .exact_resume_hook import ExactResumeHook
from .finite_loss_hook import FiniteLossHook
from .frozen_weights_hook import FrozenWeightsHook
from .gallery_hook import GalleryHook
from .interrupt_hook import InterruptHook
from .mean_loss_hook import MeanLossHook
from .progress_hook import ProgressHook
from .rank_watch_hook import RankWatchHook
from .runtime_info_hook import AsyncRuntimeInfoHook
from .step_seed_hook import StepSeedHook, step_seed
from .timed_checkpoint_hook import TimedCheckpointHook

__all__ = ['AsyncRuntimeInfoHook', 'CheckpointDescriptionHook', 'CheckpointFitHook', 'DataCheckHook',
           'ExactResumeHook', 'FiniteLossHook', 'FrozenWeightsHook', 'GalleryHook', 'InterruptHook', 'MeanLossHook',
           'ProgressHook', 'RankWatchHook', 'StepSeedHook', 'TimedCheckpointHook', 'step_seed']
