"""Checkpoints that fit, and weights that stay where they are."""

from typing import Dict, Sequence

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint
from torch import Tensor, nn

from ...utils import unwrap
from ...utils.checkpoint import META_KEY, check_fit, config_to_json, transforms_of, weights_of


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Refuse a checkpoint that does not fit, where mmengine's non-strict loading would go on in silence.

    Testing and resuming need all weights of the model, training those of its encoder and frozen parts; by name and
    shape. At the end of training no frozen weight may have moved. A checkpoint gets the config of its model, and of
    what was done to its clips, as JSON in ``meta['hico_mm']``.

    Args:
        encoder: Parts that a checkpoint must fill when training starts from it. Defaults to backbone and neck.
        allow_untrained: Whether frozen parts may keep their initial weights, to measure an untrained encoder.
            Defaults to False.
    """

    def __init__(self, encoder: Sequence[str] = ('backbone', 'neck'), allow_untrained: bool = False) -> None:
        self.encoder, self.allow_untrained = tuple(encoder), allow_untrained
        self._checked = False
        self._config = ''
        self._frozen: Dict[str, Tensor] = {}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare names and shapes.

        Raises:
            ValueError: if a weight that is needed is absent or of another shape, or resuming would execute the file.
        """
        if runner._resume and 'config' in checkpoint.get('meta', {}):
            raise ValueError(f'{_source(runner)} carries Python source that mmengine would execute on resuming: '
                             'start from it with --pretrained instead')
        model = unwrap(runner.model)
        starts_training = not runner._resume and not isinstance(runner._train_loop, (dict, type(None)))
        needed = _weights(model, (*self.encoder, *_frozen(model))) if starts_training else model.state_dict()
        check_fit(needed, weights_of(checkpoint), _source(runner), type(model).__name__)
        self._checked = True

    def before_train(self, runner: Runner) -> None:
        """Remember the frozen weights, and the model's config.

        Raises:
            TypeError: if the config is not plain data.
            ValueError: if frozen parts got their weights from nowhere.
        """
        self._config = config_to_json(runner.cfg.model, transforms_of(runner.cfg))
        model = unwrap(runner.model)
        self._frozen = {name: weight.detach().cpu().clone() for name, weight in _weights(model, _frozen(model)).items()}
        if self._frozen and not self._checked and not self.allow_untrained:
            raise ValueError(f'{list(_frozen(model))} are frozen, but no checkpoint was loaded: give --pretrained '
                             'CKPT, or --pretrained none to measure the untrained encoder')

    def after_train(self, runner: Runner) -> None:
        """Compare the frozen weights with those at the start.

        Raises:
            RuntimeError: if one has moved.
        """
        now = unwrap(runner.model).state_dict()
        moved = [name for name, weight in self._frozen.items() if not torch.equal(weight, now[name].cpu())]
        if moved:
            raise RuntimeError(f'{len(moved)} frozen weights have moved in training, {moved[0]} among them')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the configs as plain JSON."""
        checkpoint['meta'][META_KEY] = self._config


def _source(runner: Runner) -> str:
    """The checkpoint's path, which mmengine does not keep when it finds the last one itself."""
    return runner._load_from or find_latest_checkpoint(runner.work_dir) or 'the checkpoint'


def _frozen(model: nn.Module) -> Sequence[str]:
    """Names of the frozen parts; MMAction2's own recognizers have none."""
    return getattr(model, 'frozen', ())


def _weights(model: nn.Module, parts: Sequence[str]) -> Dict[str, Tensor]:
    """The weights of some parts of a model."""
    return {name: weight for name, weight in model.state_dict().items() if name.split('.')[0] in parts}
