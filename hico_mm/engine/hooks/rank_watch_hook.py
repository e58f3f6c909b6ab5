"""Runs of several processes that end when one of them stops."""

import os
import socket
import sys
import threading
import time
from datetime import timedelta
from typing import Optional

from mmaction.registry import HOOKS
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.distributed import PrefixStore, TCPStore

from ...errors import check_number

BEAT = 10.0  # seconds between signs of life, if the limit is not shorter


@HOOKS.register_module()
class RankWatchHook(Hook):
    """End a process if the next one in rank gives no sign of life, naming it; the launcher then ends the others.

    Without it all would wait for one that was stopped, or whose machine has gone, as long as their backend does, and
    not say for whom. Each process counts in the store that they found each other by, from a thread, so a long step or a
    long validation is no silence.

    Args:
        minutes: Minutes of silence after which a run ends. Defaults to 10.
    """

    def __init__(self, minutes: float = 10) -> None:
        check_number(minutes, 'minutes', above=0)
        self.seconds = 60 * minutes
        self._stop = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def before_train(self, runner: Runner) -> None:
        """Start to give signs of life, and to watch for those of the next process."""
        if dist.get_world_size() == 1 or 'MASTER_ADDR' not in os.environ:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, args=(runner, ), daemon=True)
        self._thread.start()

    def after_train(self, runner: Runner) -> None:
        """Wait for all, and stop watching."""
        if self._thread is not None:
            dist.barrier()
            self._stop.set()

    def _watch(self, runner: Runner) -> None:
        rank, following = dist.get_rank(), (dist.get_rank() + 1) % dist.get_world_size()
        address, port = os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT'])
        count, heard, when = 0, b'', time.monotonic()
        try:
            store = PrefixStore('hico_mm_watch', TCPStore(
                address, port, is_master=False, timeout=timedelta(seconds=self.seconds)))
            while not self._stop.wait(min(BEAT, self.seconds / 5)):
                count += 1
                store.set(str(rank), f'{count} {socket.gethostname()}')
                found = store.get(str(following))
                if found != heard:
                    heard, when = found, time.monotonic()
                elif time.monotonic() - when > self.seconds:
                    host = heard.decode().partition(' ')[2]
                    self._end(runner, f'rank {following} on {host} has given no sign of life')
        except (RuntimeError, OSError) as error:
            if not self._stop.is_set():
                self._end(runner, f'rank {following}, or the store at {address}:{port}, does not answer ({error})')

    def _end(self, runner: Runner, what: str) -> None:
        print(f'error: {what} for {self.seconds:g} s, so rank {dist.get_rank()} ends the run at step {runner.iter}: '
              f'look after that process or its machine, and go on with --resume', file=sys.stderr, flush=True)
        os._exit(1)
