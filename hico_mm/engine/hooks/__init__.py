"""Hooks the host lacks."""

from .checkpoint_guard_hook import CheckpointGuardHook
from .gallery_hook import GalleryHook
from .interrupt_hook import InterruptHook
from .step_seed_hook import StepSeedHook, step_seed

__all__ = ['CheckpointGuardHook', 'GalleryHook', 'InterruptHook', 'StepSeedHook', 'step_seed']
