"""Checkpoints from which a run continues as if it had not been interrupted."""

from pathlib import Path
from typing import Any, Dict

from mmaction.registry import HOOKS
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner

from ...checkpoints.resume import KEY, current_run, source_of
from ...checkpoints.schedules import schedulers_of
from ...errors import UserError
from ..loaders import training_settings
from ..loops import ResumableTrainLoop
from ..run_folder import cut_logs, log_sizes


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Save the position in the epoch and the sizes of the logs in each checkpoint, and restore them when resuming.

    Everything logged after the checkpoint is cut off, since those steps are run and logged again.
    """

    priority = 'LOW'  # runs after CheckpointFitHook, which refuses checkpoints that do not fit

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the state of the loop and the sizes of the logs."""
        for backend in runner.visualizer._vis_backends.values():
            getattr(backend.experiment, 'flush', lambda: None)()  # TensorBoard writes up to two minutes late
        loop = runner.train_loop
        state = loop.state_dict() if isinstance(loop, ResumableTrainLoop) else {}
        checkpoint[KEY] = dict(loop=state, logs=log_sizes(runner.work_dir), settings=training_settings(runner),
                               run=current_run(runner.work_dir).name, schedulers=schedulers_of(runner.param_schedulers))

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Restore the position at which the checkpoint was written.

        Raises:
            UserError: if it was saved in the middle of an epoch, and the batches of the epoch have changed.
        """
        state: Dict[str, Any] = checkpoint.get(KEY) or {}
        if not runner._resume or not state:
            return
        if state.get('loop'):
            self._check(runner, state)
            runner.train_loop.load_state_dict(state['loop'])
        if Path(source_of(runner)).resolve().parent == Path(runner.work_dir).resolve() and runner.rank == 0:
            cut_logs(runner.work_dir, state.get('logs') or {}, keep=runner.timestamp)

    def before_train(self, runner: Runner) -> None:
        """Pass the last checkpoint to MMEngine's hook, which completes it after the missing validation."""
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook):
                hook.last_ckpt = runner.message_hub.get_info('last_ckpt')

    @staticmethod
    def _check(runner: Runner, state: Dict[str, Any]) -> None:
        """Check that the batches in the rest of the epoch have not changed."""
        now = training_settings(runner)
        changed = [f'{key} {state["settings"].get(key)} before and {now.get(key)} now'
                   for key in ('batch_size', 'processes') if state['settings'].get(key) != now.get(key)]
        if not isinstance(runner.train_loop, ResumableTrainLoop):
            changed.append('train_cfg.type is not ResumableTrainLoop')
        if changed:
            raise UserError(f'{source_of(runner)} was saved in the middle of an epoch, which cannot be finished with '
                            f'other batches ({", ".join(changed)}): resume from an epoch_N.pth, or undo this change')
