"""Kinect v1: JSON files in the format of Northwestern-UCLA, with any names."""

from pathlib import Path
from typing import List

from ...errors import UserError
from ..registry import ReadOptions, Recording, register_reader
from .common import field, head_has, load_json

LAYOUT = 'nw_ucla'


@register_reader('kinect_json', ('.json', ), head_has(r'"skeletons"'), layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read ``{"skeletons": (T, 20, 3)}``. Labels are those of the folders or the manifest, not that of the file.

    Raises:
        UserError: if the file is not in this format, or has no body.
    """
    from ..nwucla import to_coordinates

    keypoint = to_coordinates(field(load_json(files[0]), 'skeletons', 'file'))[None]
    if not keypoint.any():
        raise UserError('has no body in any frame')
    return Recording(keypoint, options.layout or LAYOUT)
