"""A short training in this process, without workers, logs and checkpoints."""

import logging
import math
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from ..engine.launch import build_runner
from ..wiring import complete_config, scale_schedule

UNUSED_HOOKS = ('checkpoint', 'checkpoint_description', 'gallery', 'exact_resume', 'interrupt')


def read_part(config: Config, split: str) -> dict:
    """Return the config of a loader that reads a split of the training file in order."""
    loader = config.train_dataloader.to_dict()
    loader['dataset'].update(split=split)
    return {**loader, 'drop_last': False, 'sampler': dict(type='DefaultSampler', shuffle=False)}


def build_trial(config: Config, steps: int, clips: int, seed: int, folder: Path) -> Runner:
    """Build a runner; the config is changed in place.

    Args:
        config: The config.
        steps: Number of training steps; whole epochs are trained, at least one.
        clips: Number of training clips. A batch has at most as many.
        seed: Random seed.
        folder: The work directory.
    """
    loader = config.train_dataloader
    loader.batch_size = min(loader.batch_size, clips)
    batches = clips / loader.batch_size
    scale_schedule(config, max(1, math.ceil(steps / (int(batches) if loader.get('drop_last') else math.ceil(batches)))))
    config.merge_from_dict(dict(
        work_dir=str(folder), log_level='ERROR', randomness=dict(seed=seed),
        visualizer=None, test_dataloader=None, test_cfg=None, test_evaluator=None,
        **{f'default_hooks.{hook}': None for hook in UNUSED_HOOKS}))
    for part in 'train_dataloader', 'val_dataloader':
        if config.get(part):
            config[part].update(num_workers=0, persistent_workers=False)
    complete_config(config)
    runner = build_runner(config, 'trial')
    runner.logger.setLevel(logging.ERROR)
    return runner
