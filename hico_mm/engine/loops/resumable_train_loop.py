"""Epoch-based training that can be resumed at any step."""

import math
from contextlib import contextmanager
from itertools import islice
from typing import Any, Dict, Iterator, Optional, Tuple, Union

import torch
from mmaction.registry import LOOPS
from mmengine import dist
from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, Sampler

from ...errors import check_count
from ...models.unwrap import unwrap
from ...wiring.schedule import scale_places
from ..workers import end_workers

SCORES = 'last_scores'  # in the message hub: the last scores and the epoch in which they were measured
_Statistics = nn.modules.batchnorm._NormBase


class _Rest(Sampler):
    """A sampler without its first ``skipped`` samples. Its length is still that of the whole epoch."""

    def __init__(self, sampler: Any, skipped: int) -> None:
        self.sampler, self.skipped = sampler, skipped

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator:
        return islice(self.sampler, self.skipped, None)


@contextmanager
def skip_batches(loader: DataLoader, count: int) -> Iterator[Iterator]:
    """Yield the batches of a loader after the first ``count``, without reading the clips of the skipped batches."""
    batches: Any = loader.batch_sampler
    if type(batches) is not BatchSampler:  # other kinds of batches can only be read and dropped
        yield islice(loader, count, None)
        return
    sampler = batches.sampler
    batches.sampler = _Rest(sampler, count * batches.batch_size)
    try:
        iterator = iter(loader)
        try:
            yield iterator
        except BaseException:
            end_workers(iterator)
            loader._iterator = None
            raise
    finally:
        batches.sampler = sampler


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """MMEngine's ``EpochBasedTrainLoop`` that can resume in the middle of an epoch and makes up for missed validations.

    A checkpoint is written before its epoch is validated. If the run stopped in between, this epoch is validated first
    when the run is resumed, so that no score is missing and the best checkpoint is the same as without interruption.

    Args:
        runner: The runner.
        dataloader: The training loader or its config.
        max_epochs: Number of epochs.
        min_steps: Minimum number of training steps. If ``max_epochs`` epochs have fewer, there are more epochs, and the
            validations are moved in proportion, so that a small dataset is trained as long as a larger one. Defaults to
            None, for no minimum.
        **kwargs: Further arguments of MMEngine's loop.

    Attributes:
        batches_done: Number of completed batches of the current epoch.
    """

    dataloader: DataLoader
    batches_done = 0
    _buffers: Optional[Dict[str, Tensor]] = None
    val_begin: int
    val_interval: int

    def __init__(self, runner: Any, dataloader: Union[DataLoader, dict], max_epochs: int,
                 min_steps: Optional[int] = None, **kwargs: Any) -> None:
        if min_steps is not None:
            check_count(min_steps, 'min_steps')
        super().__init__(runner, dataloader, max_epochs, **kwargs)
        least = math.ceil((min_steps or 0) / max(1, len(self.dataloader)))
        if least > max_epochs:
            runner.logger.warning(f'{max_epochs} epochs have fewer steps than train_cfg.min_steps={min_steps}: '
                                  f'training for {least} epochs of {len(self.dataloader)} steps')
            self._max_epochs, self._max_iters = least, least * len(self.dataloader)
            self.val_begin = max(1, self.val_begin * least // max_epochs)
            self.val_interval = max(1, self.val_interval * least // max_epochs)
            scale_places(runner.param_schedulers, least / max_epochs)  # not built yet
            for values in self.dynamic_milestones, self.dynamic_intervals:  # MMEngine takes the interval from here
                values[:] = [value * least // max_epochs for value in values]

    def run(self) -> nn.Module:
        """Train and return the model."""
        self.runner.call_hook('before_train')
        self.restore_buffers()
        self._decide_current_val_interval()
        if self.is_validated(self._epoch) and self.is_unscored():
            self.runner.val_loop.run()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._decide_current_val_interval()
            if self.is_validated(self._epoch):
                self.runner.val_loop.run()
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        """Train for an epoch, or for the rest of it."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        with skip_batches(self.dataloader, self.batches_done) as batches:
            for index, batch in enumerate(batches, self.batches_done):
                self.batches_done = index + 1
                self.run_iter(index, batch)
        self.batches_done = 0
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def is_unscored(self) -> bool:
        """Return whether the epoch of the resumed checkpoint has no scores yet."""
        scores = self.runner.message_hub.get_info(SCORES, {})
        return self.batches_done == 0 < self._epoch and scores.get('epoch') != self._epoch

    def is_validated(self, epoch: int) -> bool:
        """Return whether an epoch, counted from 1, is followed by a validation."""
        return self.runner.val_loop is not None and epoch >= self.val_begin and (
            epoch % self.val_interval == 0 or epoch == self._max_epochs)

    def collect_buffers(self) -> None:
        """Collect the running statistics of all processes for a checkpoint in the middle of an epoch.

        They differ between processes until the end of the epoch, and a checkpoint contains those of the first process.
        All processes must call it.
        """
        if dist.get_world_size() > 1:
            self._buffers = {name: torch.stack(dist.all_gather(buffer)).cpu() for name, buffer in self._statistics()}

    def _statistics(self) -> Iterator[Tuple[str, Tensor]]:
        for name, module in unwrap(self.runner.model).named_modules():
            if isinstance(module, _Statistics):
                yield from ((f'{name}.{key}', buffer) for key, buffer in module.named_buffers())

    def state_dict(self) -> Dict[str, Any]:
        """Return the state needed to resume in the middle of an epoch; empty at its end."""
        if not self.batches_done:
            return {}
        buffers, self._buffers = self._buffers, None  # only valid for this step
        return dict(batches_done=self.batches_done, **(dict(buffers=buffers) if buffers else {}))

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """Restore the position at which the checkpoint was written."""
        self.batches_done, self._buffers = state.get('batches_done', 0), state.get('buffers')

    def restore_buffers(self) -> None:
        """Restore the running statistics of each process, after the weights of the model are loaded."""
        buffers, self._buffers = self._buffers or {}, None
        for name, buffer in self._statistics():
            if name in buffers:
                buffer.copy_(buffers[name][dist.get_rank()])
