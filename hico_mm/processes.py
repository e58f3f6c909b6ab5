"""Processes that do not outlive the one that started them."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the system send this process a signal when its parent dies, however the parent dies; Linux only.

    Args:
        number: The signal. Defaults to SIGTERM.
    """
    if sys.platform != 'linux':
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it died in between
        os.kill(os.getpid(), number)


def start_worker() -> None:
    """Initializer of a pool's workers: Ctrl-C is the main process's to handle, and a worker ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)  # not as the main process handles it
    end_with_parent(signal.SIGKILL)
