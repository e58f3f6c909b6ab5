"""Shared by all commands: the argument parser and error handling."""

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

from ..converters.ntu_benchmarks import LISTS
from ..errors import INTERRUPTED, LARGEST_SEED, Interrupted, UserError
from ..locks import TEMPORARY
from ..registration import register_all

Main = Callable[..., int]


class Values(argparse.Action):
    """Store a value. The values of an option for several, such as --seeds, are joined if it is given again."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        """Store the values."""
        before = getattr(namespace, self.dest, None)
        if self.option_strings and self.nargs == '+' and before is not None and before is not self.default:
            values = [*before, *values]
        setattr(namespace, self.dest, values)


class CommandParser(argparse.ArgumentParser):
    """A parser that supports shell completion, and joins the values of options that are given more than once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register('action', None, Values)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments, or answer a completion request of the shell and exit."""
        if '_ARGCOMPLETE' in os.environ:
            argcomplete.autocomplete(self)
        return super().parse_args(args, namespace)


def command_parser(name: str, doc: Optional[str]) -> argparse.ArgumentParser:
    """Make a parser with ``--debug``, whose help is the docstring of the command's module.

    Args:
        name: Name of a ``hico-mm`` command, or of a script, which ends with '.py'.
        doc: The docstring.
    """
    program = name if name.endswith('.py') else f'hico-mm {name}'
    parser = CommandParser(prog=program, description=doc, allow_abbrev=False,
                           formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--debug', action='store_true', help='show the traceback if an error occurs')
    return parser


def converter_parser(name: str, doc: Optional[str], raw: str) -> argparse.ArgumentParser:
    """Make the parser of a converter; ``raw`` describes the contents of the folder."""
    parser = command_parser(name, doc)
    parser.add_argument('--raw', type=folder, required=True, help=f'folder with {raw}, at any depth')
    add_converter_arguments(parser)
    return parser


def add_converter_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add the arguments of all converters, except the folder to read; ``required`` is about ``--out``."""
    parser.add_argument('--out', type=Path, required=required, help='annotation pickle to write')
    parser.add_argument('--workers', type=count, default=1, metavar='N', help='number of processes; default: 1')
    parser.add_argument('--strict', action='store_true', help='write nothing if any file cannot be used or a warning '
                        'concerns the files; by default such files are skipped and listed')


def add_ntu_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the further arguments of the NTU RGB+D converter."""
    parser.add_argument('--missing', type=_list_of_clips, metavar='LIST',
                        help='NTU: the published list of clips to leave out')
    parser.add_argument('--bodies', choices=['slot', 'id'], default='slot',
                        help="NTU: identify persons by their position in the file, as in the released code, or by body "
                        'ID; default: slot')


def count(text: str) -> int:
    """Parse a count of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text} is not a whole number of at least 1')
    return int(text)


def seed(text: str) -> int:
    """Parse a seed; NumPy accepts seeds below 2**32."""
    if not text.isdecimal() or int(text) > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f'{text} is not a seed: use a whole number from 0 to {LARGEST_SEED}')
    return int(text)


def folder(name: str) -> Path:
    """Parse the folder of a dataset."""
    if not Path(name).is_dir():
        raise argparse.ArgumentTypeError(f'{name} is not a folder: give the folder the dataset was unpacked to')
    return Path(name)


def _list_of_clips(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f'{name} does not exist: download the list from {LISTS}')
    return Path(name)


def _sentence(error: Exception) -> str:
    """Format an expected error as a sentence. System errors name the intended file, not a temporary one."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename is None:
        return (f'a file cannot be written or read ({error.strerror}): free some space, or use another path; --debug '
                'shows where')
    path = Path(str(error.filename))
    temporary = re.fullmatch(rf'\.(.+?){re.escape(TEMPORARY)}\w{{8}}(?:\.\w+)?', path.name)
    return f'{path.with_name(temporary[1]) if temporary else path}: {error.strerror}'


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Make SIGTERM and SIGHUP interrupt like Ctrl-C, so that partly written files are removed.

    A process started by a launcher keeps the default handling, since it may hang while communicating with the others.
    Errors in destructors of objects that were only partly built when the interrupt came are not printed.
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


def command(parse_args: Callable[[Optional[Sequence[str]]], argparse.Namespace],
            run: Callable[[argparse.Namespace], int], models: bool = True) -> Main:
    """Make the ``main`` of a command, which returns its exit status.

    Torch and MMAction2 are loaded after the arguments have been parsed, so that ``--help`` and mistakes in the
    arguments are answered at once; modules that need them are imported in ``run``.

    Expected errors are printed as one sentence, and the status is 1: :class:`~hico_mm.errors.UserError` and errors of
    the operating system. With ``--debug``, their traceback is printed too. Any other exception is a bug in the program
    and keeps its traceback. Ctrl-C returns 130, and any other signal returns 128 plus its number.

    Args:
        parse_args: Parses the command line.
        run: Runs the command.
        models: Whether the command needs models, so that MMAction2 is loaded and our components are registered.
            Defaults to True.
    """

    @functools.wraps(run)
    def main(argv: Optional[Sequence[str]] = None) -> int:
        # A thread that spins while it waits keeps others from running if other processes use the cores as well.
        os.environ.setdefault('GOMP_SPINCOUNT', '10000')  # read when torch is loaded
        arguments: List[str] = list(sys.argv[1:] if argv is None else argv)
        debug = '--debug' in arguments
        logging.raiseExceptions = debug  # errors while writing logs are only shown with --debug
        try:
            with _signals_interrupt():
                args = parse_args([argument for argument in arguments if argument != '--debug'])
                if models:
                    register_all()
                status = run(args)
                sys.stdout.flush()  # here, where a closed pipe is handled
                return status
        except BrokenPipeError:  # as in "hico-mm search query ... | head"
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 128 + signal.SIGPIPE
        except KeyboardInterrupt as interrupt:
            print(str(interrupt) or 'interrupted', file=sys.stderr)
            return getattr(interrupt, 'status', INTERRUPTED)
        except Exception as error:
            if Interrupted.came:  # the interrupted code turned it into another exception
                interrupted = Interrupted(Interrupted.came)
                print(interrupted, file=sys.stderr)
                return interrupted.status
            if not isinstance(error, (UserError, OSError)):
                raise
            if debug:
                traceback.print_exc()
            print(f'{_rank()}error: {_sentence(error)}', file=sys.stderr)
            return 1

    return main


def _rank() -> str:
    """Name the process in messages, if it is one of several and not the first."""
    dist = sys.modules.get('mmengine.dist')  # loading it only for a message would take seconds
    rank = dist.get_rank() if dist else 0
    return f'rank {rank}: ' if rank else ''
