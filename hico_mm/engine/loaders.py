"""Data loaders that read a split in order and whole."""

from typing import Any

from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch.utils.data import DataLoader

from ..errors import UserError
from ..models.unwrap import unwrap


def sequential(dataloader: dict) -> dict:
    """The config of a data loader, changed to read the whole dataset in its order."""
    return {**dataloader, 'drop_last': False, 'sampler': dict(type='DefaultSampler', shuffle=False)}


def training_split(runner: Runner) -> DataLoader:
    """The runner's training split, in order; a dataset that is being trained on is shared, not loaded again.

    Raises:
        UserError: if the config has no train_dataloader.
    """
    if isinstance(runner._train_loop, BaseLoop):
        loader = runner.train_dataloader
        return DataLoader(loader.dataset, loader.batch_size, sampler=DefaultSampler(loader.dataset, shuffle=False),
                          num_workers=loader.num_workers, collate_fn=loader.collate_fn)
    if runner.cfg.get('train_dataloader') is None:
        raise UserError('the gallery is the training split, but the config has no train_dataloader: add one')
    return runner.build_dataloader(sequential(runner.cfg.train_dataloader), seed=runner.seed)


def warn_of_other_data(runner: Runner, dataset: Any, role: str) -> None:
    """Warn if a training split is not the one that the encoder was trained on, although it has the same name.

    A split of another annotation file is transfer, which needs no warning; a test split is never compared.

    Args:
        runner: The runner, whose model knows the checkpoint its encoder came from.
        dataset: The training split.
        role: What it serves as, for the message.
    """
    origin = getattr(unwrap(runner.model), 'origin', None)
    if origin is None or origin.description is None:
        return
    before, now = origin.description.training_data, getattr(dataset, 'summary', None)
    if not before or not now or any(before[key] != now[key] for key in ('ann_file', 'split')):
        return
    if before['hash'] != now['hash']:
        runner.logger.warning(
            f'{role} is split "{now["split"]}" of {now["ann_file"]} with {now["clips"]} clips of {now["classes"]} '
            f'classes (hash {now["hash"][:12]}), but {origin.path} was trained on a split of that name with '
            f'{before["clips"]} clips of {before["classes"]} classes (hash {before["hash"][:12]}): the data has '
            'changed, so check that no test clip trained the encoder')
