"""Data loaders that read a complete split in order, and the datasets of a run."""

import hashlib
from typing import Any, Dict, Iterator, List, Optional

from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch.utils.data import DataLoader

from ..checkpoints import origin_of
from ..checkpoints.encoder import check_same_preparation
from ..errors import UserError
from ..models.unwrap import unwrap


def sequential(dataloader: dict) -> dict:
    """Change the config of a data loader to read the whole dataset in order."""
    return {**dataloader, 'drop_last': False, 'sampler': dict(type='DefaultSampler', shuffle=False)}


def training_split(runner: Runner) -> DataLoader:
    """Return a loader of the training split in order. If the runner trains on the split, its dataset is shared.

    Raises:
        UserError: if the config has no train_dataloader.
    """
    if isinstance(runner._train_loop, BaseLoop):
        loader = runner.train_dataloader
        return DataLoader(loader.dataset, loader.batch_size, sampler=DefaultSampler(loader.dataset, shuffle=False),
                          num_workers=loader.num_workers, collate_fn=loader.collate_fn,
                          worker_init_fn=loader.worker_init_fn, multiprocessing_context=loader.multiprocessing_context)
    if runner.cfg.get('train_dataloader') is None:
        raise UserError('the gallery is the training split, but the config has no train_dataloader: add one')
    return runner.build_dataloader(sequential(runner.cfg.train_dataloader), seed=runner.seed)


def leaf_datasets(dataset: Any) -> Iterator[Any]:
    """Yield the datasets inside wrappers that repeat or concatenate them."""
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from leaf_datasets(part)
    elif hasattr(dataset, 'dataset'):
        yield from leaf_datasets(dataset.dataset)
    else:
        yield dataset


def compare_with_origin(runner: Runner, dataset: Any, role: str) -> None:
    """Compare a training split with the one that the encoder was trained on.

    A split of another annotation file means transfer, which needs no warning. A split with the same name but other
    clips gives a warning. Test splits are not compared.

    Args:
        runner: The runner, whose model knows the checkpoint its encoder came from.
        dataset: The training split.
        role: Its role, for the message.

    Raises:
        UserError: if its clips are prepared differently.
    """
    origin = origin_of(unwrap(runner.model))
    if origin is None:
        return
    known, before = origin.record.get('load_pipeline'), origin.record.get('training_data')
    for part in leaf_datasets(dataset):
        prepared, now = getattr(part, 'load_pipeline', None), getattr(part, 'summary', None)
        if prepared is not None and known is not None:
            check_same_preparation(prepared, known, 'train_dataloader.dataset', origin.path)
        if before and now and _same_name(before, now) and before['hash'] != now['hash']:
            runner.logger.warning(
                f'{role} is split "{now["split"]}" of {now["ann_file"]} with {now["clips"]} clips of {now["classes"]} '
                f'classes (hash {now["hash"][:12]}), but {origin.path} was trained on a split with this name and '
                f'{before["clips"]} clips of {before["classes"]} classes (hash {before["hash"][:12]}): the data has '
                'changed, so check that the encoder was not trained on test clips')


def _same_name(a: dict, b: dict) -> bool:
    return all(a.get(key) == b.get(key) for key in ('ann_file', 'split'))


def datasets_of(runner: Runner, name: str) -> List[Any]:
    """Return the datasets of the loop 'train', 'val' or 'test', without wrappers that repeat or concatenate them.

    The list is empty before the loop is built.
    """
    loop = getattr(runner, f'_{name}_loop')
    if not isinstance(loop, BaseLoop):
        return []
    return list(leaf_datasets(getattr(loop, 'clip_loader', loop.dataloader).dataset))


def training_summary(runner: Runner) -> Optional[Dict[str, Any]]:
    """Return the summary of the training split, or of several training splits together; None if there is none."""
    summaries = [dataset.summary for dataset in datasets_of(runner, 'train') if hasattr(dataset, 'summary')]
    if len(summaries) < 2:
        return summaries[0] if summaries else None
    hashes = ''.join(sorted(summary['hash'] for summary in summaries))
    return dict(
        ann_file='+'.join(summary['ann_file'] for summary in summaries),
        split='+'.join(str(summary['split']) for summary in summaries),
        clips=sum(summary['clips'] for summary in summaries),
        classes=max(summary['classes'] for summary in summaries),
        hash=hashlib.sha256(hashes.encode()).hexdigest(),
        subset=[summary['subset'] for summary in summaries])


def training_settings(runner: Runner) -> Dict[str, Any]:
    """Return the settings of a run, besides model and data, that are compared when it is resumed."""
    loader = runner.train_loop.dataloader
    optimizer: Any = getattr(runner.optim_wrapper, 'optimizer', None)
    groups = optimizer.param_groups if optimizer is not None else []
    batch_size = getattr(runner.train_loop, 'batch_size', None) or getattr(loader, 'batch_size', None)  # of features
    return dict(batch_size=batch_size, processes=runner.world_size, optimizer=type(optimizer).__name__,
                lr=groups[0].get('initial_lr', groups[0]['lr']) if groups else None)
