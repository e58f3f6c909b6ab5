"""Processes that end with the process that started them, and the memory of a process."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of glibc's mallopt
MOST, RESERVE = 2**31 - 1, 2**28  # bytes


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


def keep_freed_memory() -> None:
    """Keep freed memory in this process for later use; glibc only.

    A step frees and allocates the same large arrays as the one before. By default, glibc returns each to the system,
    and the system clears its pages when they are used again, which takes 5 to 15 % of a step on a CPU.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None) if sys.platform == 'linux' else None
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, MOST)
        mallopt(M_TOP_PAD, RESERVE)
