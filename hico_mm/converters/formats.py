"""The formats that can be converted. This table is read while arguments are parsed, so it loads nothing."""

from typing import Dict, Tuple

# Datasets, whose labels and splits are defined by the files themselves.
DATASETS: Dict[str, str] = {
    'ntu60': 'NTU RGB+D 60, .skeleton files',
    'ntu120': 'NTU RGB+D 120, .skeleton files',
    'nwucla': 'Northwestern-UCLA, JSON clips',
    'pku1': 'PKU-MMD part I, text files',
    'pku2': 'PKU-MMD part II, text files',
}
# Recordings of your own: the module of the reader in hico_mm.converters.readers, and a description.
RECORDINGS: Dict[str, Tuple[str, str]] = {
    'mmpose': ('mmpose', "MMPose's inferencer, JSON of a video, COCO-17"),
    'mmaction': ('mmaction', "MMAction2's pose extraction, pickle of a clip, COCO-17"),
    'openpose': ('openpose', 'OpenPose, a JSON file for each frame, BODY_25 or COCO-18'),
    'mediapipe': ('mediapipe', 'MediaPipe Pose, world landmarks in JSON, CSV or .npz'),
    'video': ('video', 'videos; needs --pose and the extra hico_mm[video]'),
    'azure_kinect': ('azure_kinect', 'Azure Kinect, JSON of offline_processor'),
    'kinect': ('kinect', 'Kinect v2, .skeleton files in the format of NTU RGB+D'),
    'kinect_text': ('kinect_text', 'Kinect v2, text files in the format of PKU-MMD'),
    'kinect_json': ('kinect_json', 'Kinect v1, JSON files in the format of NW-UCLA'),
    'array': ('arrays', '.npy, .npz or CSV; needs --axes and --layout'),
}


def describe_formats() -> str:
    """Return a line for each format."""
    lines = {**DATASETS, **{name: what for name, (_, what) in RECORDINGS.items()}}
    return '\n'.join(f'  {name:13} {what}' for name, what in lines.items())
