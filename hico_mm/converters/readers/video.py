"""Videos: poses are found by a pose estimator, and kept so that no video has to be read twice."""

import hashlib
import json
from pathlib import Path
from typing import List, Optional

import numpy as np

from ...errors import UserError
from ...fileio import atomic_write
from ..registry import ReadOptions, Recording, register_reader
from ..root_path import smooth_path
from ..tracks import assemble
from .common import upright

LAYOUT = 'mediapipe'
HIP = 23  # the middle between joints 23 and 24 is the origin of MediaPipe's world landmarks
SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')


@register_reader('video', SUFFIXES, layout=LAYOUT)
def read(files: List[Path], options: ReadOptions) -> Recording:
    """Find the poses in a video, in metres with y up, as seen by the camera.

    Raises:
        UserError: if the video cannot be read, or nobody is in it.
    """
    path = files[0]
    kept = _kept_poses(path, options)
    if kept is not None and kept.is_file():
        with np.load(kept, allow_pickle=False) as arrays:
            fps = float(arrays['fps'])
            return Recording(arrays['keypoint'], LAYOUT, arrays['keypoint_score'], fps or None)
    recording = _find(path, options)
    if kept is not None:
        with atomic_write(kept) as temporary, temporary.open('wb') as file:
            np.savez_compressed(file, keypoint=recording.keypoint, keypoint_score=np.asarray(recording.score),
                                fps=np.float64(recording.fps or 0))
    return recording


def _find(path: Path, options: ReadOptions) -> Recording:
    from ..mediapipe_pose import find_poses

    video = find_poses(path, options.model, options.persons)
    keypoint, score = assemble(video.frames, options.persons)
    keypoint = keypoint[..., 2:]  # without pixels
    for person in keypoint:
        there: np.ndarray = person.any((1, 2))
        path_of_hips = person[there, HIP:HIP + 2].mean(1)
        person[there] += (smooth_path(path_of_hips, video.fps or 30) - path_of_hips)[:, None]
    return Recording(upright(keypoint).astype(np.float32), LAYOUT, score, video.fps)


def _kept_poses(path: Path, options: ReadOptions) -> Optional[Path]:
    """Return the file for the poses of a video. Another video, model or number of persons gives another name."""
    if options.keep_poses is None:
        return None
    facts = [_stamp(path), _stamp(options.model) if options.model else None, options.persons]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    try:
        options.keep_poses.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f'cannot be kept in {options.keep_poses} ({error.strerror}): give another --keep-poses'
                        ) from None
    return options.keep_poses / f'{path.stem}-{digest}.npz'


def _stamp(path: Path) -> List[object]:
    """Return what changes with the content of a file."""
    found = path.stat()
    return [str(path.resolve()), found.st_size, found.st_mtime_ns]
