"""Build and check the runner of a command."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Type

import torch
from mmaction.registry import RUNNERS
from mmengine import dist
from mmengine.config import Config
from mmengine.runner import Runner
from torch import distributed

from ..errors import UserError
from ..fileio import check_writable
from ..processes import end_with_parent, keep_freed_memory
from .console import QuietRunner

OF_MMENGINE = ('runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint')


def build_runner(config: Config, name: str, launcher: str = 'none', kind: Type[Runner] = QuietRunner) -> Runner:
    """Build the runner of a config. Without a GPU, several processes communicate over gloo.

    Args:
        config: The config.
        name: Name of the work directory in ``work_dirs``, if the config does not set one.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'. Defaults to 'none'.
        kind: Class of the runner, unless the config has a ``runner_type``. Defaults to :class:`QuietRunner`.

    Raises:
        UserError: if the launcher is slurm or mpi and there is no GPU, if it is pytorch but did not start this process,
            or if the work directory cannot be a folder.
        OSError: if nothing can be written to the work directory.
    """
    if torch.cuda.is_available():
        _pin_batches(config)
    else:
        keep_freed_memory()
    config.launcher = launcher
    if config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / name)
    check_writable(config.work_dir, folder=True)
    if config.get('default_hooks'):  # MMEngine accepts None for its own hooks only
        config.default_hooks = {key: hook for key, hook in config.default_hooks.items()
                                if hook is not None or key in OF_MMENGINE}
    if launcher == 'pytorch':
        if 'RANK' not in os.environ:
            raise UserError('--launcher pytorch is for processes started by torchrun: use tools/dist_train.sh or '
                            'tools/dist_test.sh')
        end_with_parent()
    if launcher != 'none' and not torch.cuda.is_available():
        _start_gloo(config, launcher)
    return RUNNERS.build(config) if 'runner_type' in config else kind.from_cfg(config)


def _pin_batches(config: Config) -> None:
    """Make loaders put batches into pinned memory. Otherwise, each copy to a GPU waits for the previous step."""
    for name in 'train_dataloader', 'val_dataloader', 'test_dataloader':
        if config.get(name):
            config[name].setdefault('pin_memory', True)


def _start_gloo(config: Config, launcher: str) -> None:
    """Start the process group here, since mmengine's own function needs CUDA, and keep DDP from setting devices."""
    if launcher != 'pytorch':
        raise UserError(f'without a GPU, only --launcher pytorch works, not {launcher}: use tools/dist_train.sh')
    if not distributed.is_initialized():
        seconds = (config.get('env_cfg', {}).get('dist_cfg') or {}).get('timeout')
        limit: Any = {} if seconds is None else dict(timeout=timedelta(seconds=seconds))
        distributed.init_process_group('gloo', **limit)
    config.model_wrapper_cfg = dict(config.get('model_wrapper_cfg') or dict(type='MMDistributedDataParallel'),
                                    device_ids=None)


def check_steps(runner: Runner) -> None:
    """Check that training has at least one step, before anything is trained or saved.

    Raises:
        UserError: if the batch is larger than the split; the message gives the numbers of clips and processes and the
            batch size, and says what to do.
    """
    loader: Any = runner.train_loop.dataloader
    if len(loader):
        return
    clips, each = len(loader.dataset), len(loader.dataset) // runner.world_size
    raise UserError(
        f'the training split has {clips} clips, which is {each} for each of {runner.world_size} process(es): fewer '
        f'than a batch of {loader.batch_size}, so there would be no training step. Set --cfg-options '
        f'train_dataloader.batch_size={max(1, each)} or train_dataloader.drop_last=False')


def check_same_start(runner: Runner) -> None:
    """Check that all processes found the same checkpoint to start from.

    Raises:
        UserError: if they do not.
    """
    found = dist.all_gather_object(runner._load_from)
    if len(set(found)) > 1:
        raise UserError(f'the processes found different checkpoints to start from ({", ".join(map(str, set(found)))}): '
                        'give one with --resume CKPT')
