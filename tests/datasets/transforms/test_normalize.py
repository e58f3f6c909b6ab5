import numpy as np
import pytest

from hico_mm.datasets.transforms import NormalizeSkeleton
from hico_mm.datasets.transforms.normalize import fill_empty_frames, rotation_between


def person(pattern):
    """A person of one joint whose frame t is (t + 1), or empty where the pattern has 0."""
    return np.array([(i + 1) * bit for i, bit in enumerate(pattern)], dtype=np.float32)[:, None, None] * np.ones(3)


@pytest.mark.parametrize('pattern, frames', [
    ([1, 1, 1], [1, 2, 3]),
    ([1, 0, 1], [1, 0, 3]),  # an empty frame between others stays
    ([1, 1, 0, 0, 0], [1, 2, 1, 2, 1]),  # an empty tail is looped
    ([1, 0, 1, 0, 0], [1, 0, 3, 1, 0]),  # with the gap in it
    ([0, 1, 0, 1, 1], [2, 4, 5, 2, 4]),  # a late start: empty frames go, then the tail is looped
    ([0, 0, 0], [0, 0, 0]),
])
def test_empty_frames(pattern, frames):
    assert fill_empty_frames(person(pattern))[:, 0, 0].tolist() == frames


@pytest.mark.parametrize('seed', range(3))
def test_rotation_is_the_smallest_that_aligns(seed):
    a, b = np.random.default_rng(seed).normal(size=(2, 3))
    turn = rotation_between(a, b)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(turn), 1)
    np.testing.assert_allclose(turn @ a / np.linalg.norm(a), b / np.linalg.norm(b), atol=1e-12)
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    np.testing.assert_allclose(np.trace(turn), 1 + 2 * np.cos(angle))


def test_rotation_of_parallel_opposite_and_zero_vectors():
    z = np.array([0., 0, 1])
    np.testing.assert_array_equal(rotation_between(2 * z, z), np.eye(3))
    np.testing.assert_array_equal(rotation_between(np.zeros(3), z), np.eye(3))
    turn = rotation_between(-z, z)
    np.testing.assert_allclose(turn @ -z, z, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(turn), 1)


def test_first_frame_stands_upright_and_faces_the_camera():
    clip = np.random.default_rng(0).normal(size=(2, 5, 25, 3))
    out = NormalizeSkeleton()(dict(keypoint=clip))['keypoint']
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out[0, :, 1], 0)  # every frame is centred
    shoulders = out[0, 0, 8] - out[0, 0, 4]
    np.testing.assert_allclose(shoulders / np.linalg.norm(shoulders), [1, 0, 0], atol=1e-6)
    distance = np.linalg.norm(clip[0, 2, 3] - clip[1, 2, 7])  # rigid, both persons alike
    np.testing.assert_allclose(np.linalg.norm(out[0, 2, 3] - out[1, 2, 7]), distance, rtol=1e-5)


def test_first_frame_centre_keeps_the_path():
    clip = np.random.default_rng(0).normal(size=(1, 5, 20, 3)).astype(np.float32)
    out = NormalizeSkeleton('nw_ucla', center='first_frame', align=False)(dict(keypoint=clip))['keypoint']
    np.testing.assert_allclose(out, clip - clip[0, 0, 1], atol=1e-6)


def test_absent_joints_stay_zero_and_the_input_is_untouched():
    clip = np.random.default_rng(0).normal(size=(1, 4, 25, 3)).astype(np.float32)
    clip[0, 2, 5] = 0
    before = clip.copy()
    out = NormalizeSkeleton()(dict(keypoint=clip))['keypoint']
    assert not out[0, 2, 5].any() and out[0, 2, 6].any()
    np.testing.assert_array_equal(clip, before)


def test_wrong_options_get_one_sentence():
    with pytest.raises(ValueError, match="center must be 'frame' or 'first_frame'"):
        NormalizeSkeleton(center='clip')
    with pytest.raises(ValueError, match='layout "coco" names no spine and shoulders'):
        NormalizeSkeleton('coco')
    with pytest.raises(ValueError, match='needs 3-D joints, got 2 coordinates: set align=False'):
        NormalizeSkeleton()(dict(keypoint=np.ones((1, 3, 25, 2))))
