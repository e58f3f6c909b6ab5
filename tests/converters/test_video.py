"""`hico-mm convert --pose mediapipe`. Most tests stand in for the package with one that knows the answer."""

import sys
import types
from types import SimpleNamespace

import numpy as np
import pytest

from hico_mm.cli.main import main
from hico_mm.converters.root_path import root_in_camera, smooth_path
from hico_mm.datasets import load_plain_pickle
from tests.converters import own

cv2 = pytest.importorskip('cv2')
SIZE = (120, 160)


def write_video(path, frames=12, fps=20):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), fps, SIZE[::-1])
    for value in range(frames):
        writer.write(np.full((*SIZE, 3), 20 * value, np.uint8))
    writer.release()
    return path


def walker(start=-1.0, frames=12):
    """(T, 33, 3): a body that walks by, in metres from the camera; y down."""
    body = own.world(frames, seed=3)[..., :3]
    body -= body[:, 23:25].mean(1, keepdims=True)
    return body + np.stack([start + .05 * np.arange(frames), np.full(frames, .2), np.full(frames, 3.)], -1)[:, None]


def landmarks(person):
    """What MediaPipe says of a person (33, 3): in the picture, and in metres from the hips."""
    x, y, z = person.T
    places = np.stack([.5 + x / z, .5 + y / z * SIZE[1] / SIZE[0], 0 * x], -1)
    world = person - person[23:25].mean(0)
    return [[SimpleNamespace(x=a, y=b, z=c, visibility=.75) for a, b, c in points.tolist()]
            for points in (places, world)]


class Pose:
    """Stands in for ``mediapipe.solutions.pose.Pose``: nobody is in frames 0 and 5."""

    opened = 0

    def __init__(self, *args):
        type(self).opened += 1
        self.frames = iter(walker())
        self.number = -1

    def process(self, picture):
        self.number += 1
        assert picture.shape == (*SIZE, 3) and abs(int(picture.mean()) - 20 * self.number) < 6
        person = next(self.frames)
        if self.number in (0, 5):
            return SimpleNamespace(pose_landmarks=None, pose_world_landmarks=None)
        there, world = landmarks(person)
        return SimpleNamespace(pose_landmarks=SimpleNamespace(landmark=there),
                               pose_world_landmarks=SimpleNamespace(landmark=world))

    def close(self):
        pass


class PoseLandmarker:
    """Stands in for the Pose Landmarker, which finds two persons and does not say who is who."""

    @classmethod
    def create_from_options(cls, options):
        if 'bad' in options.base_options:
            raise RuntimeError('not a model')
        assert options.num_poses == 2
        return cls()

    def __init__(self):
        self.frames = enumerate(zip(walker(), walker(.6)))

    def detect_for_video(self, image, milliseconds):
        number, persons = next(self.frames)
        assert milliseconds == 50 * number
        found = [landmarks(person) for person in persons[::-1 if number % 2 else 1]]
        return SimpleNamespace(pose_landmarks=[there for there, _ in found],
                               pose_world_landmarks=[world for _, world in found])

    def close(self):
        pass


@pytest.fixture
def mediapipe(monkeypatch):
    module = types.ModuleType('mediapipe')
    module.__version__, module.solutions = '0.10.0', SimpleNamespace(pose=SimpleNamespace(Pose=Pose))
    module.Image, module.ImageFormat = lambda image_format, data: data, SimpleNamespace(SRGB=1)
    tasks, python = types.ModuleType('mediapipe.tasks'), types.ModuleType('mediapipe.tasks.python')
    python.BaseOptions = lambda model_asset_path: model_asset_path
    python.vision = SimpleNamespace(PoseLandmarker=PoseLandmarker, RunningMode=SimpleNamespace(VIDEO=1),
                                    PoseLandmarkerOptions=lambda **options: SimpleNamespace(**options))
    for name, value in (('mediapipe', module), ('mediapipe.tasks', tasks), ('mediapipe.tasks.python', python)):
        monkeypatch.setitem(sys.modules, name, value)
    Pose.opened = 0
    return module


def convert(*args):
    try:
        return main(['convert', *map(str, args)])
    except SystemExit as stop:
        return stop.code


def test_videos_become_clips_in_space(mediapipe, tmp_path, capsys):
    """The path of the body is kept, up to the smoothing; classes come from folders; bad files are left out."""
    for name in 'walk/a b.avi', 'walk/ü.AVI':
        write_video(tmp_path / 'videos' / name)
    own.write(tmp_path / 'videos/walk/broken.mp4', 'x')
    args = tmp_path / 'videos', '--pose', 'mediapipe', '--keep-poses', tmp_path / 'kept', '--out', tmp_path / 'a.pkl'
    assert convert(*args) == 0
    printed = capsys.readouterr()
    assert '2 clips, 2 with 1 person, nobody in 4 of the 24 frames; classes walk: 2; 1 dropped' in printed.out
    assert 'broken.mp4 is not a video that OpenCV can read: convert it, for example to MP4' in printed.err
    content = load_plain_pickle(tmp_path / 'a.pkl')
    assert [clip['frame_dir'] for clip in content['annotations']] == ['walk/a b', 'walk/ü']
    clip = content['annotations'][0]
    assert clip['fps'] == 20 and clip['keypoint'].shape == (1, 12, 33, 3) and clip['keypoint_score'].max() == .75
    wanted = walker() * (-1, -1, 1)
    assert not clip['keypoint'][0, [0, 5]].any()
    there = [4, 6, 7, 8]
    np.testing.assert_allclose(clip['keypoint'][0, there], wanted[there], atol=.03)
    found = clip['keypoint'][0, there]
    np.testing.assert_allclose(found - found[:, :1], wanted[there] - wanted[there, :1], atol=1e-5)
    assert Pose.opened == 2  # and not again for the same videos
    assert convert(*args) == 0 and Pose.opened == 2
    again = load_plain_pickle(tmp_path / 'a.pkl')['annotations'][0]
    np.testing.assert_array_equal(again['keypoint'], clip['keypoint'])
    write_video(tmp_path / 'videos/walk/a b.avi', frames=11)
    assert convert(*args) == 0 and Pose.opened == 3


def test_two_persons_with_a_model(mediapipe, tmp_path, capsys):
    write_video(tmp_path / 'a.avi')
    model = own.write(tmp_path / 'pose.task', 'x')
    assert convert(tmp_path / 'a.avi', '--pose', 'mediapipe', '--model', model, '--out', tmp_path / 'a.pkl') == 0
    clip, = load_plain_pickle(tmp_path / 'a.pkl')['annotations']
    assert clip['keypoint'].shape == (2, 12, 33, 3)
    hips = clip['keypoint'][:, :, 23:25].mean(2)
    assert sorted(np.sign(hips[:, 0, 0]).tolist()) == [-1, 1]
    assert (np.abs(np.diff(hips[:, :, 0], axis=1)) < .1).all()  # nobody takes the other's place
    bad = own.write(tmp_path / 'bad.task', 'x')
    assert convert(tmp_path / 'a.avi', '--pose', 'mediapipe', '--model', bad, '--out', tmp_path / 'b.pkl') == 1
    assert 'cannot be read with the model' in capsys.readouterr().err


@pytest.mark.parametrize('args, said', [
    ([], 'the files are videos, so their poses have to be found first: add --pose mediapipe'),
    (['--format', 'mmpose', '--pose', 'mediapipe'], '--pose finds poses in videos and does not apply to format mmpose'),
    (['--keep-poses', 'kept'], '--model and --keep-poses only apply to videos: add --pose mediapipe'),
    (['--pose', 'mediapipe', '--model', 'gone.task'], 'gone.task is not a file')])
def test_wrong_arguments(mediapipe, tmp_path, capsys, args, said):
    write_video(tmp_path / 'a.avi')
    assert convert(tmp_path / 'a.avi', *args, '--out', tmp_path / 'a.pkl') in (1, 2)
    assert said in ' '.join(capsys.readouterr().err.split())


def test_the_package_is_missing_or_has_no_model(mediapipe, tmp_path, monkeypatch, capsys):
    write_video(tmp_path / 'a.avi')
    args = tmp_path / 'a.avi', '--pose', 'mediapipe', '--out', tmp_path / 'a.pkl'
    del mediapipe.solutions
    assert convert(*args) == 1
    assert 'mediapipe 0.10.0 contains no model: download https://' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, 'mediapipe', None)
    assert convert(*args) == 1
    assert 'pip install "hico_mm[video]"' in capsys.readouterr().err


def test_a_video_without_a_person_by_the_real_package(tmp_path, capsys):
    real = pytest.importorskip('mediapipe', reason='mediapipe is not installed: pip install "hico_mm[video]"')
    if not hasattr(real, 'solutions'):
        pytest.skip('this mediapipe contains no model')
    write_video(tmp_path / 'a.avi')
    assert convert(tmp_path / 'a.avi', '--pose', 'mediapipe', '--out', tmp_path / 'a.pkl') == 1
    assert 'a.avi has no person in any frame' in capsys.readouterr().err


def test_where_a_body_stands():
    """The position that was projected is found again, and a pose that cannot be placed stays near the camera."""
    person = walker()[4]
    root, focal = person[23:25].mean(0), 160
    pixels = person[:, :2] / person[:, 2:] * focal + (80, 60)
    found = root_in_camera(person - root, pixels, np.ones(33), SIZE)
    np.testing.assert_allclose(found, root, atol=1e-6)
    assert np.isfinite(root_in_camera(0 * person, 0 * pixels, np.ones(33), SIZE)).all()


def test_a_smooth_path_has_no_outliers():
    path = np.arange(40.)[:, None] * (1, 2, 3)
    noisy = path.copy()
    noisy[20] += 100
    smooth = smooth_path(noisy, 30)
    assert smooth.shape == (40, 3) and np.abs(smooth - path)[8:-8].max() <= 3
