"""Kinect v2: `.skeleton` files in the format of NTU RGB+D, with any names."""

from pathlib import Path
from typing import List

from ...errors import UserError
from ..ntu_benchmarks import parse_name
from ..registry import ReadOptions, Recording, register_reader

LAYOUT = 'ntu'


@register_reader('kinect', ('.skeleton', ), layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read the bodies of a recording, told apart by their IDs.

    In a file with the name of a clip of NTU RGB+D, they are told apart by their position, and the persons that move
    most are kept, as in the data set.

    Raises:
        UserError: if the file is not in this format, or has no body.
    """
    from ..ntu_skeleton import read_skeleton, to_persons

    recording = read_skeleton(files[0])
    if parse_name(files[0].stem) is None:
        keypoint = to_persons(recording, 'id', num_persons=len(recording.joints))
    else:
        keypoint = to_persons(recording, 'slot', options.persons)
    if not len(keypoint):
        raise UserError('has no body in any frame')
    return Recording(keypoint, options.layout or LAYOUT, fps=30)
