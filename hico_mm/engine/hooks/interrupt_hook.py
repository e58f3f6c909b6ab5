"""Stop runs without losing training steps."""

import atexit
import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Sequence

from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from ...checkpoints.resume import LATEST
from ...errors import Interrupted, check_number
from ..agreement import Agreement
from ..loops import FeatureTrainLoop, ResumableTrainLoop
from ..workers import SIGNALS, WorkerSignals

SAVE, STOP = 1, 2  # messages between processes: save, or STOP plus a signal number
AGAIN = 1.0  # seconds after which a signal counts as a second one; a launcher may repeat the first


@HOOKS.register_module()
class InterruptHook(Hook):
    """Save a checkpoint and stop training on Ctrl-C, SIGTERM, SIGHUP or SIGUSR1, which slurm sends as a warning.

    All processes stop after the same step, and ``--resume`` continues from ``latest.pth`` in the work directory. This
    file is also written every ``minutes``, in case the process is killed without a signal. It is removed once there is
    a newer epoch checkpoint. A second signal stops training immediately, as does any signal while there is nothing to
    save. A signal that is ignored, such as SIGHUP under ``nohup``, stays ignored. Only the main thread can handle
    signals, so training in another thread does not handle them.

    Args:
        minutes: Minutes between writes of ``latest.pth``; with None, it is only written on a signal. Defaults to None.
    """

    priority = 'LOWEST'

    def __init__(self, minutes: Optional[float] = None) -> None:
        if minutes is not None:
            check_number(minutes, 'minutes', above=0)
        self.minutes = minutes
        self._agreement: Optional[Agreement] = None
        self._workers: Optional[WorkerSignals] = None
        self._saves = False
        self._previous: Dict[int, Any] = {}
        self._begin()

    def _begin(self) -> None:
        self._process, self._number, self._when, self._agreed = os.getpid(), 0, 0.0, 0
        self._safe, self._saved = True, time.monotonic()  # safe: all steps are in an epoch checkpoint

    def before_train(self, runner: Runner) -> None:
        """Install the signal handlers."""
        self._begin()
        self._agreement, self._workers = Agreement(), WorkerSignals()
        atexit.register(self._let_workers_end)  # after_train is not called if training fails
        self._saves = _goes_on_from_here(runner)
        for loader in _loaders(runner):
            self._workers.protect(loader)
        if threading.current_thread() is threading.main_thread():
            # dist_train.sh ignores SIGUSR1 only to protect the launcher.
            self._previous = {number: signal.signal(number, self._signalled) for number in SIGNALS
                              if number == signal.SIGUSR1 or signal.getsignal(number) != signal.SIG_IGN}

    def _signalled(self, number: int, frame: Any) -> None:
        if os.getpid() != self._process:  # in a worker
            return
        first, now = not self._number, time.monotonic()
        if first:
            self._number, self._when = number, now
        if self._safe or now - self._when > AGAIN:
            self._end()
        if first and is_main_process():
            end = 'with a checkpoint' if self._saves else 'with the last checkpoint, since its loop is not resumable'
            with contextlib.suppress(OSError):  # the terminal may be gone; print is not safe in signal handlers
                os.write(2, f'{signal.Signals(number).name}: training stops after this step, {end}; a second signal '
                            'stops it immediately\n'.encode())

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Note that a step begins, so there is something to save."""
        self._safe = False

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Save, and stop training, if any process was asked to.

        Raises:
            Interrupted: if training stops.
        """
        due = self.minutes is not None and time.monotonic() - self._saved > 60 * self.minutes
        own = STOP + self._number if self._number else SAVE if due and is_main_process() else 0
        self._agreed = max(self._agreed, self._agreement.exchange(own) if self._agreement else own)
        if not self._agreed or not _is_whole_step(runner):
            return
        if self._saves:
            self._save(runner)
        if self._agreed > SAVE:
            self._number = self._number or self._agreed - STOP
            dist.barrier()  # wait until the first process has written: a launcher stops all processes when one exits
            self._end(together=True)
        self._agreed = 0

    def after_train_epoch(self, runner: Runner) -> None:
        """Remove ``latest.pth`` if this epoch has a newer checkpoint."""
        last = Path(str(runner.message_hub.get_info('last_ckpt'))).name
        self._safe = last == f'epoch_{runner.epoch + 1}.pth'
        if self._safe and is_main_process():
            Path(runner.work_dir, LATEST).unlink(missing_ok=True)

    def after_val_iter(self,
                       runner: Runner,
                       batch_idx: int,
                       data_batch: Any = None,
                       outputs: Optional[Sequence] = None) -> None:
        """Stop a validation in which a destructor has swallowed the interrupt.

        Raises:
            Interrupted: in this case.
        """
        if self._number and self._safe:
            self._end()

    def after_train(self, runner: Runner) -> None:
        """Restore the signal handlers."""
        self._give_back()

    def _save(self, runner: Runner) -> None:
        if isinstance(runner.train_loop, ResumableTrainLoop):
            runner.train_loop.collect_buffers()
        runner.save_checkpoint(runner.work_dir, LATEST, by_epoch=False,
                               backend_args=dict(backend='AtomicLocalBackend'))
        self._saved = time.monotonic()

    def _end(self, together: bool = False) -> None:
        self._give_back()
        raise Interrupted(self._number, together)

    def _let_workers_end(self) -> None:
        if self._workers is not None:
            self._workers.let_end()

    def _give_back(self) -> None:
        self._let_workers_end()
        atexit.unregister(self._let_workers_end)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}


def _is_whole_step(runner: Runner) -> bool:
    """Return whether the optimizer has taken its step, since accumulated gradients are not saved in checkpoints."""
    return (runner.iter + 1) % getattr(runner.optim_wrapper, '_accumulative_counts', 1) == 0


def _goes_on_from_here(runner: Runner) -> bool:
    """Return whether the loop can be resumed from here; MMEngine's epoch-based loop restarts each epoch."""
    return isinstance(runner.train_loop, ResumableTrainLoop) or not isinstance(runner.train_loop, EpochBasedTrainLoop)


def _loaders(runner: Runner) -> Iterator[DataLoader]:
    """Yield the loaders whose workers exist while the runner trains."""
    yield runner.train_dataloader
    if runner.val_loop is not None:
        yield runner.val_dataloader
    if isinstance(runner.train_loop, FeatureTrainLoop):
        yield runner.train_loop.clip_loader
