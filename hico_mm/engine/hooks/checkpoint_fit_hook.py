"""Check that a checkpoint fits the model and the data."""

from typing import Any, Dict, Mapping, Optional, Sequence

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from ...checkpoints import META_KEY, Description, Origin, check_fit, describe, origin_of, takes_encoder, weights_of
from ...checkpoints.encoder import check_same_encoder, check_same_head, check_same_preparation
from ...checkpoints.resume import keep_to_folder, source_of
from ...checkpoints.schedules import follow_schedule
from ...errors import UserError
from ...models.unwrap import unwrap
from ...wiring import complete_model
from ..loaders import datasets_of, training_settings, training_summary

USED = dict(batch_size='the new value is used from here on', processes='the new value is used from here on')
KEPT = 'the old value is kept, since the optimizer is restored'


@HOOKS.register_module()
class CheckpointFitHook(Hook):
    """Refuse a checkpoint that does not fit, while MMEngine's non-strict loading would continue silently.

    Names and shapes of weights are compared. Testing and resuming need all weights of the model; training needs those
    of its encoder and its frozen parts, and leaves the classifier of the checkpoint out. If the checkpoint has a
    description, it must have the same encoder as the config, and its clips must have been prepared in the same way as
    those of the datasets. The hook records the checkpoint as the origin of the model's encoder.

    Args:
        encoder: Parts that a checkpoint must fill when training starts from it. Defaults to backbone and neck.
    """

    def __init__(self, encoder: Sequence[str] = ('backbone', 'neck')) -> None:
        self.encoder = tuple(encoder)

    def before_run(self, runner: Runner) -> None:
        """Compare the datasets with the checkpoint that the model's encoder was taken from when it was built.

        Raises:
            UserError: if their clips are prepared differently.
        """
        origin = origin_of(unwrap(runner.model))
        if origin is not None:
            _check_preparation(runner, origin.record.get('load_pipeline'), origin.path)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the weights by name and shape, and the description if there is one.

        Raises:
            UserError: if a required weight is missing or has another shape, if the description contradicts the config,
                or if resuming would execute code in the file.
        """
        source, meta = source_of(runner), checkpoint.get('meta') or {}
        if runner._resume and 'config' in meta:
            raise UserError(f'{source} contains Python source that MMEngine would execute when resuming: start from '
                            'it with --pretrained instead')
        model = unwrap(runner.model)
        starts_training = not runner._resume and not isinstance(runner._train_loop, (dict, type(None)))
        parts = (*self.encoder, *getattr(model, 'frozen', ()))
        needed = {name: weight for name, weight in model.state_dict().items()
                  if not starts_training or name.split('.')[0] in parts}
        description: Optional[Description] = None
        if isinstance(meta, Mapping) and META_KEY in meta:
            description = describe(checkpoint, source)
            config = getattr(model, 'config', None) or complete_model(runner.cfg.model.to_dict())
            check_same_encoder(config, description.model, source)
            _check_preparation(runner, description.load_pipeline, source)
            if not starts_training:
                check_same_head(config, description.model, source)
        weights = weights_of(checkpoint)
        check_fit(needed, weights, source, type(model).__name__)
        if starts_training and takes_encoder(dict(type=type(model))) and 'cls_head' not in parts:
            _leave_classifier(weights, checkpoint)
        if runner._resume:
            keep_to_folder(checkpoint, source, runner.work_dir)
            _compare_runs(runner, description, source)
            optimizer = getattr(runner.optim_wrapper, 'optimizer', None)
            _compare_optimizers(runner, description, checkpoint, source)
            epoch_length = len(runner.train_loop.dataloader)
            said = follow_schedule(checkpoint, runner.param_schedulers, optimizer, epoch_length, source)
            if said:
                runner.logger.warning(said)
        model.origin = Origin.of_resumed(description) if runner._resume else Origin.of(source, description)


def _leave_classifier(weights: Mapping, checkpoint: Dict[str, Any]) -> None:
    """Leave the weights of the classifier out of a checkpoint that only gives the encoder, in place.

    Otherwise a training with few labels would start from a classifier that may have seen all of them.
    """
    if any(name.startswith('cls_head.') for name in weights):
        checkpoint['state_dict'] = {
            name: weight for name, weight in weights.items() if not name.startswith('cls_head.')}


def _check_preparation(runner: Runner, load_pipeline: Optional[Sequence], source: str) -> None:
    for name in ('train', 'val', 'test'):
        for dataset in datasets_of(runner, name):
            prepared = getattr(dataset, 'load_pipeline', None)
            if prepared is not None and load_pipeline is not None:
                check_same_preparation(prepared, load_pipeline, f'{name}_dataloader.dataset', source)


def _data(summary: Dict[str, Any]) -> str:
    return (f'{summary["clips"]} clips of split "{summary["split"]}" of {summary["ann_file"]} (hash '
            f'{summary["hash"][:12]}, subset {summary.get("subset")})')


def _compare_runs(runner: Runner, description: Optional[Description], source: str) -> None:
    """Compare a run with the one it resumes. Different data is an error; other batch sizes or rates are logged."""
    if description is None or not isinstance(runner._train_loop, BaseLoop):
        return
    before, now = description.training_data, training_summary(runner)
    if before and now and 'scores' not in before:  # of an earlier version
        before = dict(before, scores=now.get('scores'))
    if before and now and any(before.get(key) != now.get(key) for key in ('hash', 'scores', 'subset')):
        raise UserError(
            f'{source} was trained on {_data(before)}, but the config names {_data(now)}. A run can only be resumed '
            'on the same data: start a new one with --pretrained')
    for key, value in training_settings(runner).items():
        if key != 'optimizer' and key in description.settings and description.settings[key] != value:
            runner.logger.warning(f'the resumed run had {key} {description.settings[key]}, but the config has '
                                  f'{value}: {USED.get(key, KEPT)}')


def _compare_optimizers(runner: Runner, description: Optional[Description], checkpoint: Mapping, source: str) -> None:
    """Compare the optimizer with the one it continues. Another kind is an error; other values are logged."""
    optimizer = getattr(runner.optim_wrapper, 'optimizer', None)
    if optimizer is None:
        return
    before, now = checkpoint['optimizer']['param_groups'], optimizer.param_groups
    kind = type(optimizer).__name__
    old, new = (description.settings if description is not None else {}).get('optimizer', kind), kind
    if old == new and len(before) != len(now):
        old, new = f'{len(before)} group(s) of parameters', f'{len(now)}'
    if old != new:
        raise UserError(f'{source} was trained with {old}, but the config asks for {new}: resume with the original '
                        'optimizer, or start a new run from it with --pretrained')
    schedulers = runner.param_schedulers if isinstance(runner.param_schedulers, list) else []
    scheduled = {'lr', *(scheduler.param_name for scheduler in schedulers)}
    if 'momentum' in scheduled:  # of Adam, it is the first of the betas
        scheduled.add('betas')
    free = {'params', *scheduled, *(f'initial_{name}' for name in scheduled)}
    for key in dict.fromkeys(key for group in now for key in group if key not in free):
        then, asked = (_plain([group.get(key) for group in groups]) for groups in (before, now))
        if then != asked and any(key in group for group in before):
            then, asked = (values[0] if len(values) == 1 else values for values in (then, asked))
            runner.logger.warning(f'the resumed run had {key} {then}, but the config has {asked}: {KEPT}')


def _plain(value: Any) -> Any:
    """Return a value with lists in place of tuples, which a checkpoint may have turned into them."""
    return list(map(_plain, value)) if isinstance(value, (list, tuple)) else value
