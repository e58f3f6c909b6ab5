"""Run scripts as a user does, in processes that are forked from one that has loaded everything.

A new interpreter needs about five seconds for its imports. Tests whose subject is how a process starts use subprocess.
"""

import os
import runpy
import socket
import sys
import tempfile
from pathlib import Path

import torch

from hico_mm.reproduction.server import fork_server
from tests.conftest import ROOT

TOOLS = ROOT / 'tools'
LONGEST = 600  # seconds


class Script:
    """A running script, with what it prints to either stream.

    Args:
        folder: The folder that it runs in.
        path: The script.
        args: Its arguments.
        env: Further environment variables.
    """

    def __init__(self, folder, path, *args, **env):
        handle, name = tempfile.mkstemp()
        os.close(handle)
        self.output = Path(name)
        environment = {**os.environ, **env}
        self.process = fork_server().Process(
            target=run_here, args=(str(folder), str(path), [str(arg) for arg in args], environment, str(self.output)))
        self.process.start()

    @property
    def printed(self):
        """What it has printed."""
        return self.output.read_text(errors='replace')

    def finish(self):
        """Wait until it has ended well, and return what it printed."""
        printed = self.wait()
        assert self.process.exitcode == 0, printed[-6000:]
        return printed

    def wait(self):
        """Wait until it has ended, and return what it printed."""
        self.process.join(LONGEST)
        self.process.kill()  # it has ended, or never will
        self.process.join()
        printed = self.printed
        self.output.unlink()
        return printed


def run_script(folder, path, *args, **env):
    """Run a script in a folder, and return what it printed."""
    return Script(folder, path, *args, **env).finish()


def start_ranks(count, folder, path, *args, **env):
    """Start a script in several processes, connected as by torchrun."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    return [Script(folder, path, *args, '--launcher', 'pytorch', RANK=str(rank), LOCAL_RANK=str(rank),
                   WORLD_SIZE=str(count), MASTER_ADDR='127.0.0.1', MASTER_PORT=port, **env) for rank in range(count)]


def run_ranks(count, folder, path, *args, **env):
    """Run a script in several processes, and return what they printed, rank after rank."""
    scripts = start_ranks(count, folder, path, *args, **env)
    try:
        return ''.join([script.finish() for script in scripts])
    finally:
        for script in scripts:
            script.process.kill()


def on_two_ranks(function, folder):
    """Call ``function(rank, folder)`` in two processes, and wait for both."""
    fork_server()
    torch.multiprocessing.start_processes(function, (str(folder), ), nprocs=2, start_method='forkserver')


def run_here(folder, path, args, environment, output):
    """Become a script."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with open(output, 'w') as file:
        for stream in sys.stdout, sys.stderr:
            os.dup2(file.fileno(), stream.fileno())
            stream.reconfigure(line_buffering=True)
    sys.argv = [path, *args]
    sys.path[:0] = [str(Path(path).parent), *filter(None, environment.get('PYTHONPATH', '').split(os.pathsep))]
    runpy.run_path(path, run_name='__main__')
