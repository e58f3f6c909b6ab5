"""OpenPose: a JSON file for each frame."""

import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from ...errors import UserError
from ...structures import get_layout
from ..registry import ReadOptions, Recording, register_reader
from ..tracks import Detection, Frames, assemble
from .common import MOST_PERSONS, field, head_has, listed, load_json, numbers

FRAME = re.compile(r'(.+?)_?(\d{6,})_keypoints\.json', re.IGNORECASE)
LAYOUTS = ('openpose_body25', 'openpose_coco18')


def group(source: Path, files: Sequence[Path]) -> Dict[Path, List[Path]]:
    """Group frames by clip. A folder is a clip; if it has the frames of several videos, each of them is one.

    If one of the folders of the source has several videos, these are the folders of classes, so that a video is a clip
    of its own in all of them.
    """
    by_video: Dict[Tuple[Path, str], List[Path]] = {}
    for path in files:
        match = FRAME.fullmatch(path.name)
        by_video.setdefault((path.parent, match[1] if match else path.stem), []).append(path)
    videos: Dict[Path, int] = {}
    for folder, _ in by_video:
        videos[folder] = videos.get(folder, 0) + 1
    classes = {folder for folder in videos if folder.parent == source}
    if all(videos[folder] == 1 for folder in classes):
        classes = set()
    return {folder if videos[folder] == 1 and folder != source and folder not in classes else folder / name: frames
            for (folder, name), frames in by_video.items()}


@register_reader('openpose', ('.json', ), head_has(r'"pose_keypoints_2d"|"people"'), group)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read ``{"people": [{"pose_keypoints_2d": [x, y, score, ...], "person_id": [n]}]}`` for each frame.

    Raises:
        UserError: if a file does not have this form. The message names the frame.
    """
    frames: Frames = {}
    for path in files:
        match = FRAME.fullmatch(path.name)
        if match is None:
            raise UserError('is not named NAME_000000000000_keypoints.json, so its place in the video is not known')
        if int(match[2]) in frames:
            raise UserError(f'has two files for frame {int(match[2])}: keep one')
        try:
            people = listed(field(load_json(path), 'people', 'frame'), 'people')
            frames[int(match[2])] = [_detection(person) for person in people[:MOST_PERSONS]]
        except (OSError, UserError) as error:
            raise UserError(f'cannot be used, since {path.name} {getattr(error, "strerror", None) or error}') from None
    keypoint, score = assemble(frames, options.persons)
    layout = options.layout or {get_layout(name).num_joints: name for name in LAYOUTS}.get(keypoint.shape[2])
    if layout is None:
        raise UserError(f'has {keypoint.shape[2]} joints, not 25 (BODY_25) or 18 (COCO): describe the skeleton with '
                        '--layout')
    return Recording(keypoint, layout, score)


def _detection(person: Any) -> Detection:
    """Return the pose, the scores and, if OpenPose tracked persons, the ID of a person."""
    values = numbers(field(person, 'pose_keypoints_2d', 'person'), 'pose_keypoints_2d', (None, ))
    if len(values) % 3 or not len(values):
        raise UserError(f'has {len(values)} numbers in pose_keypoints_2d, not three for each joint')
    number = person.get('person_id')
    number = number[0] if isinstance(number, list) and number else number
    joints = values.reshape(-1, 3)
    pose: np.ndarray = joints[:, :2]
    return Detection(pose, joints[:, 2], number if type(number) is int and number >= 0 else None)
