"""Data loader workers that leave signals to the main process."""

import multiprocessing
import os
import signal
import sys
from typing import Any, Callable, Optional

from mmengine.runner import Runner
from torch.utils.data import DataLoader

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def stop_workers(runner: Runner) -> None:
    """Stop the workers that the loaders of a runner, its loops and hooks keep for their next epoch."""
    users: Any = (runner._train_loop, runner._val_loop, runner._test_loop, *runner.hooks)
    for loader in {id(value): value for user in users for value in getattr(user, '__dict__', {}).values()
                   if isinstance(value, DataLoader)}.values():
        if getattr(loader, '_iterator', None) is not None:
            end_workers(loader._iterator)
            loader._iterator = None


def end_workers(iterator: Any) -> None:
    """Stop the workers of a loader's iterator.

    If the iterator were collected as garbage later, its queues would be closed before the workers are told to stop, and
    PyTorch would wait for five seconds for each of them.
    """
    if hasattr(iterator, '_shutdown_workers'):  # not without workers
        iterator._shutdown_workers()


class WorkerSignals:
    """Prevents workers from being killed by a signal that is sent to all processes of a run.

    Otherwise the main process would fail because of the lost workers before it has saved.
    """

    def __init__(self) -> None:
        self._ending = multiprocessing.get_context().Value('b', 0, lock=False)

    def protect(self, loader: DataLoader) -> None:
        """Protect the workers that a loader starts from now on."""
        if isinstance(loader.worker_init_fn, _WorkerStart):
            return
        loader.worker_init_fn = _WorkerStart(loader.worker_init_fn, self._ending)
        forks = multiprocessing.get_start_method() == 'fork' and loader.multiprocessing_context is None
        if loader.num_workers and forks:
            loader.multiprocessing_context = _context()

    def let_end(self) -> None:
        """Allow workers to be stopped by signals, as their loader does when it ends."""
        self._ending.value = 1


class _WorkerStart:
    """Starts a worker, then handles the signals that were blocked until now."""

    def __init__(self, start: Optional[Callable[[int], None]], ending: Any) -> None:
        self.start, self.ending = start, ending

    def __call__(self, worker: int) -> None:
        if self.start is not None:
            self.start(worker)
        for number in SIGNALS:
            signal.signal(number, self._follow)
        sys.stderr = _UntilTheEnd(sys.stderr, self.ending)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _follow(self, number: int, frame: Any) -> None:
        if self.ending.value:
            os._exit(0)


class _UntilTheEnd:
    """A stream that drops messages of a worker once the main process ends, such as errors about lost connections."""

    def __init__(self, stream: Any, ending: Any) -> None:
        self._stream, self._ending = stream, ending

    def write(self, text: str) -> int:
        """Write the text, or drop it if the main process ends; return its length."""
        return len(text) if self._ending.value else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _context() -> Any:
    """Return a context that forks processes with signals blocked, so that none arrives before they are handled."""
    context = multiprocessing.get_context('fork')

    class Worker(context.Process):  # type: ignore[misc,name-defined]
        """A worker whose signals are blocked until it handles them."""

        def start(self) -> None:
            """Fork with blocked signals."""
            before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                super().start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    return type('WorkerContext', (type(context), ), dict(Process=Worker))()
