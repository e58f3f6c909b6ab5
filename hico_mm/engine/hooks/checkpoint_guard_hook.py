"""Checkpoints that fit, and weights that stay where they are."""

from typing import Dict, Optional

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from ..model_config import model_config


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Refuse a checkpoint that does not fit, where mmengine's non-strict loading would go on in silence.

    Testing needs all weights of the model, resuming too, training those of its frozen parts; by name and shape. At the
    end of training no frozen weight may have moved. A checkpoint gets the config of its model as JSON in
    ``meta['hico_mm']``.

    Args:
        allow_untrained: Whether frozen parts may keep their initial weights, to measure an untrained encoder.
            Defaults to False.
    """

    def __init__(self, allow_untrained: bool = False) -> None:
        self.allow_untrained = allow_untrained
        self._checked = False
        self._frozen: Dict[str, Tensor] = {}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare names and shapes.

        Raises:
            ValueError: if a weight that is needed is absent or of another shape.
        """
        if 'config' in checkpoint.get('meta', {}):
            raise ValueError(f'{runner._load_from} carries a config that mmengine would execute on resuming: load it '
                             'with --pretrained and save it anew')
        model = _unwrap(runner.model)
        whole = runner._resume or isinstance(runner._train_loop, (dict, type(None)))
        needed = model.state_dict() if whole else _frozen_weights(model)
        given = {name[len('module.'):] if name.startswith('module.') else name: weight
                 for name, weight in checkpoint.get('state_dict', checkpoint).items()}
        fault = next((_fault(name, weight, given.get(name)) for name, weight in needed.items()
                      if given.get(name) is None or given[name].shape != weight.shape), None)
        if fault:
            raise ValueError(f'{runner._load_from} does not fit {type(model).__name__}: {fault}; use a checkpoint of '
                             'this encoder, width, skeleton and number of classes, or the config it was trained with')
        self._checked = True

    def before_train(self, runner: Runner) -> None:
        """Remember the frozen weights.

        Raises:
            ValueError: if frozen parts got their weights from nowhere.
        """
        model = _unwrap(runner.model)
        self._frozen = {name: weight.detach().cpu().clone() for name, weight in _frozen_weights(model).items()}
        if self._frozen and not self._checked and not self.allow_untrained:
            raise ValueError(f'{list(model.frozen)} are frozen, but no checkpoint was loaded: give --pretrained CKPT, '
                             'or --pretrained none to measure the untrained encoder')

    def after_train(self, runner: Runner) -> None:
        """Compare the frozen weights with those at the start.

        Raises:
            RuntimeError: if one has moved.
        """
        now = _unwrap(runner.model).state_dict()
        moved = [name for name, weight in self._frozen.items() if not torch.equal(weight, now[name].cpu())]
        if moved:
            raise RuntimeError(f'{len(moved)} frozen weights have moved in training, {moved[0]} among them')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the model's config as plain JSON."""
        checkpoint['meta']['hico_mm'] = model_config(runner.cfg)


def _unwrap(model: nn.Module) -> nn.Module:
    return model.module if is_model_wrapper(model) else model


def _frozen_weights(model: nn.Module) -> Dict[str, Tensor]:
    prefixes = tuple(f'{name}.' for name in getattr(model, 'frozen', ()))
    return {name: weight for name, weight in model.state_dict().items() if prefixes and name.startswith(prefixes)}


def _fault(name: str, wanted: Tensor, given: Optional[Tensor]) -> str:
    if given is None:
        return f'{name} is absent'
    return f'{name} has shape {tuple(given.shape)}, not {tuple(wanted.shape)}'
