"""Fork runs from one process that has imported everything, which saves seconds per run."""

import os
import signal
import sys
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import Callable, List, Optional, Sequence

SIGNALS = ('SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1')
TIMED_OUT = 1000  # the status of a process that did not end in time


def preload() -> None:
    """Import what a run needs. The parent of the forked processes must never build a runner itself."""
    warnings.filterwarnings('ignore')
    import torch
    torch.set_num_threads(1)
    for module in ('mmaction.apis', 'mmaction.visualization', 'torch.utils.tensorboard', 'hico_mm',
                   'hico_mm.engine.training', 'hico_mm.engine.testing', 'hico_mm.engine.extraction',
                   'hico_mm.cli.prepare_ntu'):
        import_module(module)


def launch(command: str, argv: Sequence[object], cwd: Path, before: Optional[Callable[[], None]] = None) -> int:
    """Fork a process that runs a command as from a terminal, in a process group of its own; return its process id.

    Its output is appended to ``out.log`` in the folder.

    Args:
        command: Module of ``hico_mm.cli``.
        argv: The arguments.
        cwd: The folder to run in, which is created if necessary.
        before: A function that the process calls before the command.
    """
    cwd.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        status = _run(command, [str(word) for word in argv], cwd, before)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:  # even if the log failed: this process must not continue with the parent's program
        os._exit(status)


def _run(command: str, argv: List[str], cwd: Path, before: Optional[Callable[[], None]]) -> int:
    for name in SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setpgid(0, 0)
    os.chdir(cwd)
    log = os.open('out.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    sys.stdout, sys.stderr = os.fdopen(1, 'w', buffering=1), os.fdopen(2, 'w', buffering=1)
    sys.argv = [f'{command}.py', *argv]
    if before is not None:
        before()
    try:
        return import_module(f'hico_mm.cli.{command}').main(argv) or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


def wait(process: int, timeout: float) -> int:
    """Wait for a process; return its status, negative for a signal, or :data:`TIMED_OUT` if it had to be killed."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    send(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return TIMED_OUT


def run(command: str, argv: Sequence[object], cwd: Path, before: Optional[Callable[[], None]] = None,
        timeout: float = 180) -> int:
    """Run a command like :func:`launch`, wait for its end and return its exit status."""
    return wait(launch(command, argv, cwd, before), timeout)


def send(process: int, number: int, group: bool = False) -> None:
    """Send a signal to a launched process or, as a terminal does, to its whole group."""
    try:
        os.killpg(process, number) if group else os.kill(process, number)
    except ProcessLookupError:
        pass


def members(group: int) -> List[int]:
    """Return the living processes of a process group."""
    found = []
    for entry in Path('/proc').iterdir():
        try:
            fields = (entry / 'stat').read_text().rpartition(')')[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[2]) == group and fields[0] not in 'ZX':
            found.append(int(entry.name))
    return found


def orphans(group: int, patience: float = 12) -> int:
    """Kill the processes of a group that do not end by themselves within ``patience`` seconds; return their number."""
    end = time.monotonic() + patience
    while members(group) and time.monotonic() < end:
        time.sleep(0.1)
    left = members(group)
    for process in left:
        send(process, signal.SIGKILL)
    return len(left)


def output(cwd: Path) -> str:
    """Return what the runs in a folder have printed."""
    log = cwd / 'out.log'
    return log.read_text(errors='replace') if log.exists() else ''
