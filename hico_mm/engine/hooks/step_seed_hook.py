"""Randomness that depends only on the training step."""

from typing import Optional

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import broadcast, get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner


def step_seed(seed: int, rank: int, iteration: int) -> int:
    """Return a well mixed seed for a training step of a rank."""
    return int(np.random.SeedSequence([seed, rank, iteration]).generate_state(1, np.uint64)[0]) >> 1


@HOOKS.register_module()
class StepSeedHook(Hook):
    """Seed torch, and thus augmented views and dropout, from (seed, rank, iteration) before each training step.

    A run then does not depend on the number of workers or on earlier random numbers, so resuming is exact.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Set the sampler's seed to the run's, which a resumed run only knows after the sampler was built.

        All ranks get that of the first, since each takes its own share of one order of the clips.
        """
        sampler = getattr(runner.train_dataloader, 'sampler', None)
        if sampler is not None and hasattr(sampler, 'seed'):
            seed = torch.tensor(runner.seed)
            broadcast(seed)
            sampler.seed = int(seed)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Optional[dict] = None) -> None:
        """Seed torch's generators."""
        torch.manual_seed(step_seed(runner.seed, get_rank(), runner.iter))
