"""Randomness that depends on where training stands, and on nothing else."""

from typing import Optional

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner


def step_seed(seed: int, rank: int, iteration: int) -> int:
    """A seed for one training step of one rank, well mixed."""
    return int(np.random.SeedSequence([seed, rank, iteration]).generate_state(1, np.uint64)[0]) >> 1


@HOOKS.register_module()
class StepSeedHook(Hook):
    """Seed torch from (seed, rank, iteration) before each training step: views and dropout.

    A run then depends neither on the number of workers nor on what was drawn before: a resumed run is exact.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Give the sampler the run's seed: a resumed run learns its own only after the sampler was built."""
        sampler = getattr(runner.train_dataloader, 'sampler', None)
        if sampler is not None and hasattr(sampler, 'seed'):
            sampler.seed = runner.seed

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Optional[dict] = None) -> None:
        """Seed torch's generators."""
        torch.manual_seed(step_seed(runner.seed, get_rank(), runner.iter))
