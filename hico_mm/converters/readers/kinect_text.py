"""Kinect v2: text files in the format of PKU-MMD, with any names."""

import re
from pathlib import Path
from typing import List

from ...errors import UserError
from ..registry import ReadOptions, Recording, register_reader
from .common import head

LAYOUT = 'ntu'
NUMBERS = 150  # in a line: two bodies of 25 joints of x, y and z


def matches(path: Path) -> bool:
    """Return whether the first line of a file has as many numbers as two bodies."""
    words = re.split(rb'[\s,;]+', head(path).lstrip().partition(b'\n')[0].strip(b' \t\r,;'))
    return len(words) == NUMBERS and re.fullmatch(rb'[-+\deE.]+', words[0]) is not None


@register_reader('kinect_text', ('.txt', ), matches, layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read a recording with a line for each frame; a body that is absent from all of them is left out.

    Raises:
        UserError: if the file is not in this format, or has no body.
    """
    from ..pku_skeleton import read_recording

    keypoint = read_recording(files[0])
    keypoint = keypoint[keypoint.any((1, 2, 3))]
    if not len(keypoint):
        raise UserError('has no body in any frame')
    return Recording(keypoint, options.layout or LAYOUT, fps=30)
