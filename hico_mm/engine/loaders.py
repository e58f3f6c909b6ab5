"""Data loaders that read a split in order and whole."""

from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch.utils.data import DataLoader


def ordered(dataloader: dict) -> dict:
    """The config of a data loader, changed to read the whole data set in its order."""
    return {**dataloader, 'drop_last': False, 'sampler': dict(type='DefaultSampler', shuffle=False)}


def training_split(runner: Runner) -> DataLoader:
    """The runner's training split, in order; a data set that is being trained on is shared, not loaded again.

    Raises:
        ValueError: if the config has no train_dataloader.
    """
    if isinstance(runner._train_loop, BaseLoop):
        loader = runner.train_dataloader
        return DataLoader(loader.dataset, loader.batch_size, sampler=DefaultSampler(loader.dataset, shuffle=False),
                          num_workers=loader.num_workers, collate_fn=loader.collate_fn)
    if runner.cfg.get('train_dataloader') is None:
        raise ValueError('the gallery is the training split, but the config has no train_dataloader')
    return runner.build_dataloader(ordered(runner.cfg.train_dataloader), seed=runner.seed)
