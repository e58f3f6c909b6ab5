"""Azure Kinect: the JSON of ``offline_processor``, one of the samples of its body tracking."""

from pathlib import Path
from typing import Any, List

from ...errors import UserError
from ...structures import get_layout
from ..registry import ReadOptions, Recording, register_reader
from ..tracks import Detection, Frames, assemble
from .common import field, frame_rate, head_has, listed, load_json, numbers, upright

LAYOUT = 'azure_kinect'
MILLIMETRES = 1000


@register_reader('azure_kinect', ('.json', ), head_has(r'"(bone_list|joint_positions|k4abt_sdk_version)"'),
                 layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Read ``{"frames": [{"frame_id", "timestamp_usec", "bodies": [{"body_id", "joint_positions"}]}]}``.

    Millimetres with y down become metres with y up: (x, y, z) -> (-x, -y, z) / 1000, as in Kinect v2.

    Raises:
        UserError: if the file does not have this form.
    """
    frames: Frames = {}
    times = []
    for place, frame in enumerate(listed(field(load_json(files[0]), 'frames', 'file'), 'frames')):
        number = frame.get('frame_id', place) if isinstance(frame, dict) else None
        if type(number) is not int:
            raise UserError('has a frame without a number in "frame_id"')
        bodies = listed(field(frame, 'bodies', 'frame'), 'bodies')
        frames.setdefault(number, []).extend(map(_detection, bodies))
        times.append((number, frame.get('timestamp_usec'), 1e-6))
    keypoint, _ = assemble(frames, options.persons)
    return Recording(upright(keypoint) / MILLIMETRES, options.layout or LAYOUT, fps=frame_rate(times))


def _detection(body: Any) -> Detection:
    """Return the pose and the ID of a body."""
    joints = get_layout(LAYOUT).num_joints
    pose = numbers(field(body, 'joint_positions', 'body'), 'joint_positions', (joints, 3))
    name = body.get('body_id')
    return Detection(pose, None, name if type(name) is int else None)
