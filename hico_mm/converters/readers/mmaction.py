"""MMAction2's pose extraction: a pickle for each clip."""

from pathlib import Path
from typing import Any, List, Optional

import numpy as np

from ...errors import UserError
from ..registry import ReadOptions, Recording, register_reader
from .common import head_has

LAYOUT = 'coco'


@register_reader('mmaction', ('.pkl', '.pickle'), head_has('keypoint'), layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read ``{"keypoint": (M, T, V, C), "keypoint_score": (M, T, V), "img_shape", "label"}`` with the safe loader.

    Raises:
        UserError: if a file is not such a pickle, or contains anything but plain data.
    """
    from ...datasets.safe_pickle import load_plain_pickle

    try:
        clip = load_plain_pickle(files[0])
    except UserError as error:
        raise UserError(str(error).replace(f'{files[0]} ', '', 1)) from None
    if isinstance(clip, dict) and isinstance(clip.get('annotations'), list):
        raise UserError('is an annotation already: use it as it is, or name one of its clips, as in FILE.pkl:NAME')
    if not isinstance(clip, dict) or not isinstance(clip.get('keypoint'), np.ndarray):
        raise UserError('is not a clip of MMAction2: it has no array "keypoint"')
    score = clip.get('keypoint_score')
    return Recording(clip['keypoint'], options.layout or LAYOUT, score if isinstance(score, np.ndarray) else None,
                     img_shape=_size(clip.get('img_shape')), label=clip.get('label'))


def _size(value: Any) -> Optional[Any]:
    """Return (height, width), or None if the clip does not have it."""
    return tuple(value) if isinstance(value, (tuple, list)) and len(value) == 2 else None
