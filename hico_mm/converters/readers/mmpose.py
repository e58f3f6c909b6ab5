"""MMPose: the JSON that its inferencer and its demos write for a video."""

from pathlib import Path
from typing import Any, List, Tuple

from ...errors import UserError
from ...structures import get_layout
from ..registry import ReadOptions, Recording, register_reader
from ..tracks import Detection, Frames, assemble
from .common import field, head_has, listed, load_json, numbers

LAYOUT = 'coco'


@register_reader('mmpose', ('.json', ), head_has(r'"(instance_info|instances|keypoint_scores)"'), layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read ``{"instance_info": [{"frame_id", "instances": [{"keypoints", "keypoint_scores"}]}]}``, or its list alone.

    Raises:
        UserError: if a file does not have this form, or has other keypoints than COCO-17 and no layout was given.
    """
    frames_of, names = _content(load_json(files[0]))
    first = names.get('0') if isinstance(names, dict) else None
    if options.layout is None and first not in (None, 'nose'):
        raise UserError(f'has keypoints that begin with "{str(first)[:40]}", so they are not those of COCO: describe '
                        'the skeleton with --layout')
    layout = options.layout or get_layout(LAYOUT)
    frames: Frames = {}
    for place, frame in enumerate(listed(frames_of, 'frames')):
        number = frame.get('frame_id', place) if isinstance(frame, dict) else None
        if type(number) is not int:
            raise UserError('has a frame without a number in "frame_id"')
        persons = listed(field(frame, 'instances', 'frame'), 'instances')
        frames.setdefault(number, []).extend(_detection(person, layout.num_joints, options) for person in persons)
    keypoint, score = assemble(frames, options.persons)
    return Recording(keypoint, layout, score)


def _content(content: Any) -> Tuple[Any, Any]:
    """Return the list of frames and the names of the keypoints, or None if the file does not say them."""
    if isinstance(content, dict) and 'instance_info' in content:
        meta = content.get('meta_info')
        return content['instance_info'], meta.get('keypoint_id2name') if isinstance(meta, dict) else None
    if isinstance(content, list) and content and isinstance(content[0], dict) and 'keypoints' in content[0]:
        raise UserError('has the poses of one picture, not of a video: run the inferencer on the video')
    if isinstance(content, list):
        return content, None
    raise UserError('is not a result of MMPose for a video: it has no "instance_info"')


def _detection(person: Any, joints: int, options: ReadOptions) -> Detection:
    """Return the pose, the scores and, if there is one, the track of a person."""
    pose = numbers(field(person, 'keypoints', 'person'), 'keypoints', (None, None))
    if pose.shape[1] not in (2, 3) or pose.shape[1] == 3 and options.layout is None:
        raise UserError(f'has keypoints of {pose.shape[1]} numbers each, not 2: if they are 3-D poses, describe the '
                        'skeleton with --layout')
    if len(pose) != joints:
        raise UserError(f'has {len(pose)} keypoints for a person, not {joints}: describe the skeleton with --layout')
    score = person.get('keypoint_scores')
    track = person.get('track_id')
    return Detection(pose, None if score is None else numbers(score, 'keypoint_scores', (joints, )),
                     track if type(track) in (int, str) else None)
