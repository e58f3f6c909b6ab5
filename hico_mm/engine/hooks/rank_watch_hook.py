"""Stop a run of several processes when one of them hangs."""

import os
import socket
import sys
import threading
from datetime import timedelta
from typing import Optional

from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.distributed import PrefixStore, TCPStore

from ...errors import check_number

BEAT = 10.0  # seconds between heartbeats, if the limit is not shorter


@HOOKS.register_module()
class RankWatchHook(Hook):
    """Exit if the next process in rank sends no heartbeat, and name it; the launcher then stops the others.

    Otherwise all processes would wait until the timeout of their backend for one that hangs or whose machine is gone,
    without naming it. A thread of each process increases a counter in the store that connects the processes, so a long
    step or validation does not count as silence. A pause of the whole run does not count either, since a process only
    counts its own heartbeats that had no answer.

    Args:
        minutes: Minutes without a heartbeat after which the run is stopped. Defaults to 10.
    """

    def __init__(self, minutes: float = 10) -> None:
        check_number(minutes, 'minutes', above=0)
        self.seconds = 60 * minutes
        self._stop = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def before_train(self, runner: Runner) -> None:
        """Start to send heartbeats and to watch for those of the next process."""
        if dist.get_world_size() == 1 or 'MASTER_ADDR' not in os.environ:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, args=(runner, ), daemon=True)
        self._thread.start()

    def after_train(self, runner: Runner) -> None:
        """Wait for all processes and stop watching."""
        if self._thread is not None:
            dist.barrier()
            self._stop.set()

    def _watch(self, runner: Runner) -> None:
        rank, following = dist.get_rank(), (dist.get_rank() + 1) % dist.get_world_size()
        address, port = os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT'])
        beat = min(BEAT, self.seconds / 5)
        count, heard, silent, store = 0, '', 0, None
        while not self._stop.wait(beat):
            count, found = count + 1, heard
            try:
                store = store or PrefixStore('hico_mm_watch', TCPStore(
                    address, port, is_master=False, timeout=timedelta(seconds=max(1, beat))))
                store.set(str(rank), f'{count} {socket.gethostname()}')
                found = store.get(str(following)).decode()
            except (RuntimeError, OSError):  # the store is gone, or the next process has not started
                store = None
            silent, heard = (silent + 1, heard) if found == heard else (0, found)
            if silent * beat > self.seconds:
                self._end(runner, following, heard.partition(' ')[2] or f'the network of {address}:{port}')

    def _end(self, runner: Runner, following: int, host: str) -> None:
        print(f'error: rank {following} on {host} has not responded for {self.seconds:g} s, so rank '
              f'{dist.get_rank()} stops the run at step {runner.iter}: check that process and its machine, then run '
              'again with --resume', file=sys.stderr, flush=True)
        os._exit(1)
