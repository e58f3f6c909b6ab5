"""Find poses in a video with MediaPipe Pose, which runs on the CPU."""

import os
from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ..errors import UserError
from .progress import track_frames
from .root_path import root_in_camera
from .tracks import Detection, Frames

MODEL = ('https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_full/float16/latest/'
         'pose_landmarker_full.task')
Detect = Callable[[np.ndarray, int], List[Tuple[Any, Any]]]  # (picture, milliseconds) -> (in the picture, in metres)


class Video(NamedTuple):
    """The persons in the frames of a video, its frames per second (or None) and the (height, width) of its frames."""

    frames: Frames
    fps: Optional[float]
    size: Tuple[int, int]


def find_poses(path: Path, model: Optional[Path], persons: int) -> Video:
    """Return the persons in a video. Poses (33, 5) have pixels x, y, and metres from the camera: right, down, away.

    Persons are followed by their pixels, since depth is uncertain. If only one person can be found, it is always the
    same one, because MediaPipe follows it.

    Args:
        path: The video.
        model: A model for MediaPipe's Pose Landmarker. None takes the model in the package, which finds one person.
        persons: Maximum number of persons.

    Raises:
        UserError: if MediaPipe is not installed, needs a model, or the video cannot be read. Messages about the video
            do not name it.
    """
    mediapipe = import_mediapipe()
    import cv2

    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise UserError('is not a video that OpenCV can read: convert it, for example to MP4 with H.264')
        rate, count = float(video.get(cv2.CAP_PROP_FPS)), int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = rate if 0 < rate < 1000 else None
        size = int(video.get(cv2.CAP_PROP_FRAME_HEIGHT)), int(video.get(cv2.CAP_PROP_FRAME_WIDTH))
        frames: Frames = {}
        with _Detector(mediapipe, model, persons) as detect:
            pictures = track_frames(_pictures(video, cv2), count if count > 0 else None, path.name)
            for number, picture in enumerate(pictures):
                size = picture.shape[0], picture.shape[1]
                found = detect(picture, int(1000 * number / (fps or 30)))
                who = 0 if model is None else None
                frames[number] = [_detection(*person, size)._replace(person=who) for person in found]
    finally:
        video.release()
    if not frames:
        raise UserError('has no frame that OpenCV can read: convert it, for example to MP4 with H.264')
    return Video(frames, fps, size)


def import_mediapipe() -> Any:
    """Import MediaPipe, with fewer messages.

    Raises:
        UserError: if it is not installed.
    """
    os.environ.setdefault('GLOG_minloglevel', '2')
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    try:
        import mediapipe
    except ImportError as error:
        raise UserError(f'--pose mediapipe needs the package mediapipe ({error}): pip install "hico_mm[video]"'
                        ) from None
    return mediapipe


def check_estimator(pose: Optional[str], model: Optional[Path]) -> None:
    """Check, before anything is read, that the poses in videos can be found.

    Raises:
        UserError: if no estimator was named, it is not installed, or it needs a model.
    """
    if pose is None:
        raise UserError('the files are videos, so their poses have to be found first: add --pose mediapipe')
    mediapipe = import_mediapipe()
    if model is None and not hasattr(mediapipe, 'solutions'):
        raise UserError(f'mediapipe {mediapipe.__version__} contains no model: download {MODEL} and give it as --model')


class _Detector:
    """MediaPipe's detector as a context: the Pose Landmarker if there is a model, otherwise its older solution."""

    def __init__(self, mediapipe: Any, model: Optional[Path], persons: int) -> None:
        self.mediapipe = mediapipe
        if model is None and not hasattr(mediapipe, 'solutions'):
            raise UserError(f'cannot be read without a model, since mediapipe {mediapipe.__version__} contains none: '
                            f'download {MODEL} and give it as --model')
        self.detector = self._landmarker(model, persons) if model else mediapipe.solutions.pose.Pose()
        self.detect = self._by_landmarker if model else self._by_solution

    def _landmarker(self, model: Path, persons: int) -> Any:
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)), running_mode=vision.RunningMode.VIDEO,
            num_poses=persons)
        try:
            return vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise UserError(f'cannot be read with the model {model} ({str(error).splitlines()[0][:100]}): give a .task '
                            f'file of the Pose Landmarker, such as {MODEL}') from None

    def _by_landmarker(self, picture: np.ndarray, milliseconds: int) -> List[Tuple[Any, Any]]:
        image = self.mediapipe.Image(image_format=self.mediapipe.ImageFormat.SRGB, data=picture)
        found = self.detector.detect_for_video(image, milliseconds)
        return list(zip(found.pose_landmarks, found.pose_world_landmarks))

    def _by_solution(self, picture: np.ndarray, milliseconds: int) -> List[Tuple[Any, Any]]:
        found = self.detector.process(picture)
        if found.pose_world_landmarks is None:
            return []
        return [(found.pose_landmarks.landmark, found.pose_world_landmarks.landmark)]

    def __enter__(self) -> Detect:
        return self.detect

    def __exit__(self, *error: Any) -> None:
        self.detector.close()


def _pictures(video: Any, cv2: Any) -> Iterator[np.ndarray]:
    """Yield the frames of a video in RGB."""
    while True:
        there, picture = video.read()
        if not there:
            return
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _detection(in_picture: Any, in_metres: Any, size: Tuple[int, int]) -> Detection:
    """Place a person in front of the camera."""
    pose = np.array([(point.x, point.y, point.z) for point in in_metres])
    pixels = np.array([(point.x, point.y) for point in in_picture]) * (size[1], size[0])
    seen = np.array([point.visibility for point in in_metres])
    placed = pose + root_in_camera(pose, pixels, seen + 1e-3, size)
    return Detection(np.concatenate([pixels, placed], 1), seen)
