"""Data loaders that read a split in order and whole."""

from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch.utils.data import DataLoader


def ordered(dataloader: dict) -> dict:
    """The config of a data loader, changed to read the whole data set in its order."""
    return {**dataloader, 'drop_last': False, 'sampler': dict(type='DefaultSampler', shuffle=False)}


def training_split(runner: Runner) -> DataLoader:
    """The runner's training split, in order; the data set that is being trained on is shared, not loaded again.

    Raises:
        ValueError: if the config has no train_dataloader.
    """
    config = runner.cfg.get('train_dataloader')
    if config is None:
        raise ValueError('the gallery is the training split, but the config has no train_dataloader')
    config = ordered(config)
    if isinstance(runner._train_loop, BaseLoop):
        config['dataset'] = runner.train_dataloader.dataset
    return runner.build_dataloader(config, seed=runner.seed)
