"""Processes for commands, forked from one process that has loaded everything, which saves seconds for each command."""

import importlib
import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from typing import Any, Callable, List

from ..processes import end_with_parent

LOADED = ['hico_mm.engine.training', 'hico_mm.engine.testing', 'mmaction.visualization']


def fork_server() -> Any:
    """Return the multiprocessing context whose processes are forked from the server.

    The server starts with the first process, in the environment that this process has then.
    """
    # PyTorch's own way of looking for GPUs keeps forks of this process from using them.
    os.environ.setdefault('PYTORCH_NVML_BASED_CUDA_CHECK', '1')
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(LOADED)
    return context


def run_command(words: List[str]) -> int:
    """Run a command of ``hico-mm``, such as ``['train', ...]``, and return its exit status."""
    return importlib.import_module(f'hico_mm.cli.{words[0]}').main(words[1:])


def in_session(run: Callable[[List[str]], int], words: List[str], output: Connection) -> None:
    """Run a command in a session of its own, which ends with the server, and exit with its status.

    Args:
        run: :func:`run_command`, or another function of the words.
        words: The command and its arguments.
        output: Connection that gets what the command prints.
    """
    os.setsid()
    os.environ['HICO_MM_VERBOSE'] = '1'  # the output of a step is its log
    end_with_parent()
    for stream in sys.stdout, sys.stderr:
        stream.flush()
        os.dup2(output.fileno(), stream.fileno())
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    output.close()
    sys.exit(run(words))
