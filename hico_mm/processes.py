"""Processes that end with the process that started them."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the system to send this process a signal when its parent dies for any reason; Linux only.

    Args:
        number: The signal. Defaults to SIGTERM.
    """
    if sys.platform != 'linux':
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # the parent died in between
        os.kill(os.getpid(), number)


def start_worker() -> None:
    """Initialize a worker of a pool: the main process handles Ctrl-C, and the worker ends with the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)  # do not inherit the main process's handlers
    end_with_parent(signal.SIGKILL)
