"""Save a description in every checkpoint."""

import json
from pathlib import Path
from typing import Any, Dict, Optional

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint

from ...checkpoints import META_KEY, Description, describe_model, load_checkpoint, origin_of, save_checkpoint
from ...checkpoints.environment import git_state, package_versions
from ...models.selfsup import HiCo
from ...models.unwrap import unwrap
from ...wiring import complete_config
from ..loaders import datasets_of, training_settings, training_summary
from ..loops import SCORES, FeatureTrainLoop


@HOOKS.register_module()
class CheckpointDescriptionHook(Hook):
    """Save a description of the model, its clips, its data and its run in every checkpoint, as plain JSON.

    The completed config replaces the runner's config, so that the config saved in the work directory contains every
    size.
    """

    def __init__(self) -> None:
        self._versions: Dict[str, str] = {}
        self._git: Optional[str] = None

    def before_run(self, runner: Runner) -> None:
        """Replace the config of the model by the completed one and dump it."""
        config = getattr(unwrap(runner.model), 'config', None)
        if config is not None and runner.cfg.model.to_dict() != config:
            runner.cfg.model = config
            complete_config(runner.cfg)
            runner.dump_config()

    def before_train(self, runner: Runner) -> None:
        """Look up the versions once, and check before training that the config can be described."""
        self._versions, self._git = package_versions(), git_state()
        if not runner._resume:
            runner.message_hub.update_info(SCORES, {})  # removes those of an earlier run in this process
        self._describe(runner, {}).to_json()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the description."""
        checkpoint['meta'][META_KEY] = self._describe(runner, checkpoint['meta']).to_json()

    def after_val_epoch(self, runner: Runner, metrics: Optional[Dict[str, float]] = None) -> None:
        """Store the scores in the message hub, so that they survive resuming."""
        scores = {key: float(value) for key, value in (metrics or {}).items() if isinstance(value, (int, float))}
        runner.message_hub.update_info(SCORES, dict(epoch=runner.epoch, **scores))

    def after_train(self, runner: Runner) -> None:
        """Add the last scores to the last checkpoint, which was written before they were measured."""
        scores, path = runner.message_hub.get_info(SCORES, {}), find_latest_checkpoint(runner.work_dir)
        if not is_main_process() or not scores or path is None or not Path(path).is_file():
            return
        checkpoint = load_checkpoint(path)
        description = json.loads(checkpoint['meta'].get(META_KEY, '{}'))
        if description.get('epoch') == scores['epoch'] and description['scores'] != scores:
            checkpoint['meta'][META_KEY] = json.dumps(dict(description, scores=scores))
            save_checkpoint(checkpoint, path)

    def _describe(self, runner: Runner, meta: Dict[str, Any]) -> Description:
        model, datasets = unwrap(runner.model), datasets_of(runner, 'train')
        origin = origin_of(model)
        encoder = None if origin is None else origin.record
        return describe_model(
            getattr(model, 'config', None) or runner.cfg.model.to_dict(),
            getattr(datasets[0], 'load_pipeline', None),
            task=_task(runner, encoder),
            classes=getattr(datasets[0], 'class_names', None),
            training_data=training_summary(runner),
            settings=training_settings(runner),
            versions=self._versions,
            git=self._git,
            seed=runner.seed,
            epoch=meta.get('epoch'),
            max_epochs=runner.max_epochs,
            iteration=meta.get('iter'),
            scores=runner.message_hub.get_info(SCORES, {}),
            encoder=encoder)


def _task(runner: Runner, encoder: Optional[dict]) -> str:
    if isinstance(unwrap(runner.model), HiCo):
        return 'pretraining'
    if isinstance(runner.train_loop, FeatureTrainLoop):
        return 'linear evaluation' if encoder else 'linear evaluation of an untrained encoder'
    return 'finetuning' if encoder else 'training from scratch'
