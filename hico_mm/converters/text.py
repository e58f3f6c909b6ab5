"""Text files of numbers, as datasets have them."""

import re
from pathlib import Path
from typing import List, Union

from ..errors import UserError

_WHOLE = re.compile(r'\s*[+-]?[0-9]{1,18}\s*', re.ASCII)


def read_text(path: Union[str, Path]) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        UserError: if it is not text; the message does not name the file.
    """
    try:
        return Path(path).read_text(encoding='utf-8-sig')
    except UnicodeDecodeError:
        raise UserError('is not a text file') from None


def read_lines(path: Union[str, Path]) -> List[str]:
    """Its lines; see :func:`read_text`."""
    return read_text(path).splitlines()


def whole_number(text: str) -> int:
    """A whole number in plain digits: ``int`` would also read ``1_0`` and the digits of other scripts.

    Raises:
        ValueError: if the text is none.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'{text[:40]!r} is not a whole number')
    return int(text)
