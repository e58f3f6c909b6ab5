"""Exceptions for user mistakes and for signals, and checks of arguments."""

import math
import signal
from numbers import Real
from typing import Any, Optional

LARGEST_SEED = 2**32 - 1  # that NumPy accepts
INTERRUPTED = 130  # exit status after Ctrl-C


class UserError(ValueError):
    """A mistake in a file, a config or an option.

    Its message is one sentence that names the file or option and says what is wrong and what to do. The command line
    tools print it without a traceback and exit with status 1. In Python, it is a ``ValueError``.
    """


class Interrupted(KeyboardInterrupt):
    """A command was interrupted by a signal.

    Args:
        number: The signal.
        together: Whether all processes stop after the same step and can wait for each other. Defaults to False.
    """

    came = 0  # the last signal

    def __init__(self, number: int, together: bool = False) -> None:
        super().__init__(f'ended by {signal.Signals(number).name}')
        Interrupted.came = number
        self.number, self.together = number, together

    @property
    def status(self) -> int:
        """Return the exit status that shells report for a process ended by a signal."""
        return 128 + self.number


def check_count(value: Any, name: str) -> None:
    """Check that an argument is an integer of at least 1.

    Args:
        value: The argument.
        name: Its name, for the message.

    Raises:
        UserError: if it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f'{name} must be an integer of at least 1, got {value!r}')


def check_number(value: Any, name: str, above: Optional[float] = None, least: Optional[float] = None,
                 below: Optional[float] = None, most: Optional[float] = None) -> None:
    """Check that an argument is a finite number in a range.

    Args:
        value: The argument.
        name: Its name, for the message.
        above: It must be greater than this. Defaults to None.
        least: It must be at least this. Defaults to None.
        below: It must be less than this. Defaults to None.
        most: It must be at most this. Defaults to None.

    Raises:
        UserError: if it is not.
    """
    words = (('above', above), ('of at least', least), ('below', below), ('at most', most))
    bounds = [f'{word} {bound}' for word, bound in words if bound is not None]
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value) or (
            above is not None and value <= above) or (least is not None and value < least) or (
            below is not None and not value < below) or (most is not None and not value <= most):
        raise UserError(f'{name} must be a finite number{" " if bounds else ""}{" and ".join(bounds)}, got {value!r}')
