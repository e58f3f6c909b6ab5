"""Log the losses of the whole batch over all processes."""

from typing import Any, Optional

import torch
from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor


@HOOKS.register_module()
class MeanLossHook(Hook):
    """Replace the losses and accuracies of a step by their mean over all processes, before they are logged.

    MMEngine logs those of the first process. All processes have the same number of clips.
    """

    priority = 'HIGHEST'  # before RuntimeInfoHook, and after FiniteLossHook, which precedes it in the configs

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Average in place, with a single message."""
        if outputs is None or dist.get_world_size() == 1:
            return
        names = sorted(name for name, value in outputs.items() if isinstance(value, Tensor) and value.numel() == 1)
        if not names:
            return
        means = torch.stack([outputs[name].detach().float().reshape(()) for name in names])
        dist.all_reduce(means, 'mean')
        outputs.update(zip(names, means))
