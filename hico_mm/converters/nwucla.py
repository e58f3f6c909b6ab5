"""Northwestern-UCLA Multiview Action 3D: JSON clips."""

import json
import re
from pathlib import Path
from typing import Any, List

import numpy as np

from ..datasets.checks import coordinate_fault, shown, to_float32
from ..errors import UserError
from ..structures import get_layout
from .convert import Conversion, Reading, Splits, regular_files
from .text import read_text

NAME = re.compile(r'a(\d\d)_s(\d\d)_e(\d\d)_v(\d\d)')
# Actions by their number in the file names, in the order of their labels from 0.
ACTIONS = {1: 'pick up with one hand', 2: 'pick up with two hands', 3: 'drop trash', 4: 'walk around', 5: 'sit down',
           6: 'stand up', 8: 'donning', 9: 'doffing', 11: 'throw', 12: 'carry'}
TEST_VIEW = 3
NUM_CLIPS = 1484


def plan_nwucla(raw: Path) -> Conversion:
    """Plan the conversion of the JSON clips in a folder."""
    files, unread = regular_files(raw, '*.json')
    return Conversion(
        files, 'nw_ucla', read_clip, make_splits, faults=unread,
        nothing=f'no clip aAA_sSS_eEE_vVV.json found in {raw}: give the folder the dataset was unpacked to',
        check=_compare, classes=list(ACTIONS.values()))


def read_clip(path: Path) -> Reading:
    """Read the clip in a file, as float32 in metres.

    Raises:
        UserError: if it contains no clip.
    """
    match = NAME.fullmatch(path.stem)
    if match is None or int(match[1]) not in ACTIONS:
        raise UserError('is not named aAA_sSS_eEE_vVV.json after one of the ten actions')
    try:
        content = json.loads(read_text(path))
        keypoint, label = to_coordinates(content['skeletons']), content['label']
    except UserError:
        raise
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise UserError(f'is truncated or not a clip ({error})') from error
    if type(label) is not int or label != list(ACTIONS).index(int(match[1])) + 1:
        raise UserError(f'has label {shown(label)}, but its name says action {int(match[1])}')
    return [dict(frame_dir=path.stem, label=label - 1, total_frames=len(keypoint), keypoint=keypoint[None])], []


def to_coordinates(skeletons: Any) -> np.ndarray:
    """Convert lists of numbers to (T, 20, 3). Types are checked, since numpy also accepts strings and booleans."""
    numbers, joints = np.array(skeletons, dtype=object), get_layout('nw_ucla').num_joints
    if numbers.ndim != 3 or numbers.shape[1:] != (joints, 3) or not len(numbers):
        raise UserError(f'has skeletons of shape {numbers.shape}, not (T, {joints}, 3)')
    if not set(map(type, numbers.flat)) <= {int, float}:
        raise UserError('has coordinates that are not numbers')
    coordinates = to_float32(numbers.astype(np.float64))
    fault = coordinate_fault(coordinates)
    if fault:
        raise UserError(fault)
    return coordinates


def make_splits(clips: List[dict]) -> Splits:
    """Make the splits of the standard cross-view protocol, and one of the test clips that are not training clips."""
    train: List[dict] = []
    test: List[dict] = []
    for clip in clips:
        (test if clip['frame_dir'].endswith(f'v{TEST_VIEW:02}') else train).append(clip)
    seen = {clip['keypoint'].tobytes() for clip in train}
    distinct = [clip for clip in test if clip['keypoint'].tobytes() not in seen]
    return {name: [clip['frame_dir'] for clip in part]
            for name, part in (('xview_train', train), ('xview_val', test), ('xview_val_distinct', distinct))}


def _compare(split: Splits) -> List[str]:
    found = len(split['xview_train']) + len(split['xview_val'])
    return [] if found == NUM_CLIPS else [f'the dataset has {NUM_CLIPS} clips, but {found} were read: compare your '
                                          'copy']
