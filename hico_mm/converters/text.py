"""Read text files of numbers."""

import re
from pathlib import Path
from typing import List, Union

from ..errors import UserError

_WHOLE = re.compile(r'\s*[+-]?[0-9]{1,18}\s*', re.ASCII)


def read_text(path: Union[str, Path]) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        UserError: if it is not a text file. The message does not name the file.
    """
    try:
        return Path(path).read_text(encoding='utf-8-sig')
    except UnicodeDecodeError:
        raise UserError('is not a text file') from None


def read_lines(path: Union[str, Path]) -> List[str]:
    """Return the lines of a file; see :func:`read_text`."""
    return read_text(path).splitlines()


def whole_number(text: str) -> int:
    """Parse a whole number in plain digits. ``int`` would also accept ``1_0`` and digits of other scripts.

    Raises:
        ValueError: if the text is not a whole number.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'{text[:40]!r} is not a whole number')
    return int(text)
