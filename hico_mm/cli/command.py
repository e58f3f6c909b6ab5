"""What all commands share: their parser, and one way to end."""

import argparse
import functools
import logging
import os
import re
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Sequence

import argcomplete
from mmengine.dist import get_rank, is_main_process

from ..converters.ntu import LISTS
from ..errors import LARGEST_SEED, Interrupted, UserError
from ..fileio import TEMPORARY

Main = Callable[..., int]
INTERRUPTED = 130


class CommandParser(argparse.ArgumentParser):
    """A parser that completes words in the shell, if the shell asks for it."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, or answer the shell and end."""
        if '_ARGCOMPLETE' in os.environ:
            argcomplete.autocomplete(self)
        return super().parse_args(args, namespace)


def command_parser(name: str, doc: Optional[str]) -> argparse.ArgumentParser:
    """A parser whose help is the docstring of the command's module, with ``--debug``.

    Args:
        name: Name of the command, as ``hico-mm`` has it, or of a script, which ends with '.py'.
        doc: The docstring.
    """
    program = name if name.endswith('.py') else f'hico-mm {name}'
    parser = CommandParser(prog=program, description=doc, allow_abbrev=False,
                           formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def converter_parser(name: str, doc: Optional[str], raw: str) -> argparse.ArgumentParser:
    """The parser of a converter; ``raw`` says what is in the folder."""
    parser = command_parser(name, doc)
    parser.add_argument('--raw', type=folder, required=True, help=f'folder with {raw}, at any depth')
    add_converter_arguments(parser)
    return parser


def add_converter_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what all converters take but the folder to read."""
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    parser.add_argument('--workers', type=count, default=1, metavar='N', help='processes; default: 1')
    parser.add_argument('--strict', action='store_true', help='write nothing if a file cannot be used; by default it '
                        'is left out and named')


def add_ntu_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the converter of NTU RGB+D takes besides."""
    parser.add_argument('--missing', type=_list_of_clips, metavar='LIST',
                        help='NTU: list of clips to leave out, as published')
    parser.add_argument('--bodies', choices=['slot', 'id'], default='slot',
                        help="NTU: what a person is: a place in the file, as in the released code, or a body's ID; "
                        'default: slot')


def count(text: str) -> int:
    """A number of things, at least 1, for an argument."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text} is not a whole number of at least 1')
    return int(text)


def seed(text: str) -> int:
    """A seed, for an argument; NumPy takes those below 2**32."""
    if not text.isdecimal() or int(text) > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f'{text} is not a seed, a whole number from 0 to {LARGEST_SEED}')
    return int(text)


def folder(name: str) -> Path:
    """The folder of a dataset, for an argument."""
    if not Path(name).is_dir():
        raise argparse.ArgumentTypeError(f'{name} is not a folder: give the one the dataset was unpacked to')
    return Path(name)


def _list_of_clips(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f'{name} does not exist: get the list from {LISTS}')
    return Path(name)


def _sentence(error: Exception) -> str:
    """An expected error as a sentence: one of the system names the file that was meant, not a temporary one."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename is None:
        return (f'a file cannot be written or read ({error.strerror}): make room, or use another place; --debug says '
                'where')
    path = Path(str(error.filename))
    temporary = re.fullmatch(rf'\.(.+?){re.escape(TEMPORARY)}\w{{8}}(?:\.\w+)?', path.name)
    return f'{path.with_name(temporary[1]) if temporary else path}: {error.strerror}'


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt as Ctrl-C does, so that what is half-written is removed.

    A process of a launcher keeps the system's own handling, since it may hang in an exchange with others. Destructors
    of what is half-made when the interrupt comes have nothing to say.
    """
    def interrupt(number: int, frame: Any) -> None:
        raise Interrupted(number)

    def unraisable(error: Any) -> None:
        if not Interrupted.came:
            sys.__unraisablehook__(error)

    Interrupted.came = 0
    sys.unraisablehook = unraisable
    alone = threading.current_thread() is threading.main_thread() and 'RANK' not in os.environ
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    taken = {number: handler for number, handler in usual.items() if alone and signal.getsignal(number) == handler}
    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)
        sys.unraisablehook = sys.__unraisablehook__


def one_line_errors(main: Main) -> Main:
    """Make a command print an expected error as one sentence and return 1.

    Expected are :class:`~hico_mm.errors.UserError` and the errors of the operating system. With ``--debug`` among the
    arguments their traceback is printed too. Anything else is a fault of the program and keeps its traceback. Ctrl-C
    returns 130, another signal 128 and its number.
    """

    @functools.wraps(main)
    def run(argv: Optional[Sequence[str]] = None) -> int:
        arguments: List[str] = list(sys.argv[1:] if argv is None else argv)
        debug = '--debug' in arguments
        logging.raiseExceptions = debug  # a log that cannot be written is one fault among others
        try:
            with _signals_interrupt():
                return main([argument for argument in arguments if argument != '--debug'])
        except KeyboardInterrupt as interrupt:
            print(str(interrupt) or 'interrupted', file=sys.stderr)
            return getattr(interrupt, 'status', INTERRUPTED)
        except Exception as error:
            if Interrupted.came:  # what was interrupted has turned it into another exception
                interrupted = Interrupted(Interrupted.came)
                print(interrupted, file=sys.stderr)
                return interrupted.status
            if not isinstance(error, (UserError, OSError)):
                raise
            if debug:
                traceback.print_exc()
            rank = '' if is_main_process() else f'rank {get_rank()}: '
            print(f'{rank}error: {_sentence(error)}', file=sys.stderr)
            return 1

    return run
