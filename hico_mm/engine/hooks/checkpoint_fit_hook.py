"""Checkpoints that fit the model and the data they are loaded for."""

from typing import Any, Iterator, Mapping, Optional, Sequence

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint
from mmengine.runner.base_loop import BaseLoop

from ...checkpoints import META_KEY, Description, check_fit, describe, weights_of
from ...checkpoints.encoder import check_same_encoder, check_same_preparation
from ...errors import UserError
from ...models.recognizers import Origin
from ...models.unwrap import unwrap


@HOOKS.register_module()
class CheckpointFitHook(Hook):
    """Refuse a checkpoint that does not fit, where MMEngine's non-strict loading would go on in silence.

    Testing and resuming need all weights of the model, training those of its encoder and its frozen parts, by name and
    shape. A checkpoint that describes itself must have the encoder that the config has, and its clips must have been
    prepared as those of the datasets are.

    Args:
        encoder: Parts that a checkpoint must fill when training starts from it. Defaults to backbone and neck.
    """

    def __init__(self, encoder: Sequence[str] = ('backbone', 'neck')) -> None:
        self.encoder = tuple(encoder)

    def before_run(self, runner: Runner) -> None:
        """Compare the datasets with the checkpoint that the model took its encoder from when it was built.

        Raises:
            UserError: if their clips are prepared differently.
        """
        origin: Optional[Origin] = getattr(unwrap(runner.model), 'origin', None)
        if origin is not None and origin.description is not None:
            _check_preparation(runner, origin.description, origin.path)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare weights by name and shape, and the description if there is one.

        Raises:
            UserError: if a weight that is needed is absent or of another shape, the description contradicts the config,
                or resuming would execute the file.
        """
        source, meta = _source(runner), checkpoint.get('meta') or {}
        if runner._resume and 'config' in meta:
            raise UserError(f'{source} carries Python source that MMEngine would execute on resuming: start from it '
                            'with --pretrained instead')
        model = unwrap(runner.model)
        starts_training = not runner._resume and not isinstance(runner._train_loop, (dict, type(None)))
        parts = (*self.encoder, *getattr(model, 'frozen', ()))
        needed = {name: weight for name, weight in model.state_dict().items()
                  if not starts_training or name.split('.')[0] in parts}
        description = describe(checkpoint, source) if isinstance(meta, Mapping) and META_KEY in meta else None
        if description is not None and hasattr(model, 'config'):
            check_same_encoder(model.config, description.model, source)
            _check_preparation(runner, description, source)
        check_fit(needed, weights_of(checkpoint), source, type(model).__name__)
        if not runner._resume:
            model.origin = Origin(source, description)


def _source(runner: Runner) -> str:
    """The checkpoint's path, which MMEngine does not keep when it finds the last one itself."""
    return runner._load_from or find_latest_checkpoint(runner.work_dir) or 'the checkpoint'


def _check_preparation(runner: Runner, description: Description, source: str) -> None:
    for name, dataset in _datasets(runner):
        prepared = getattr(dataset, 'load_pipeline', None)
        if prepared is not None and description.load_pipeline is not None:
            check_same_preparation(prepared, description.load_pipeline, f'{name}_dataloader.dataset', source)


def _datasets(runner: Runner) -> Iterator['tuple[str, Any]']:
    """The datasets of the loops that have been built."""
    for name in ('train', 'val', 'test'):
        loop = getattr(runner, f'_{name}_loop')
        if isinstance(loop, BaseLoop):
            yield name, getattr(loop, 'clip_loader', loop.dataloader).dataset
