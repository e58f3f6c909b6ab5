import numpy as np
import pytest
from mmaction.datasets.transforms import PreNormalize2D

from hico_mm.datasets.transforms import NormalizePose2D, NormalizeSkeleton
from hico_mm.datasets.transforms.normalize import (
    body_rotation,
    fill_empty_frames,
    nearest_frames,
    released_rotation,
    rotation_between,
)
from hico_mm.errors import UserError


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


def still(frames=12, persons=1, joints=20):
    """Persons who stand still, three metres away."""
    pose = np.random.default_rng(0).normal(size=(persons, 1, joints, 3)) * 0.3 + [0, 0, 3]
    return np.repeat(pose, frames, 1).astype(np.float32)


@pytest.mark.parametrize('center', ['frame', 'first_frame'])
@pytest.mark.parametrize('align', [True, False])
def test_without_lost_joints_it_is_the_released_normalisation_to_the_last_bit(center, align):
    for seed in range(5):
        clip = np.random.default_rng(seed).normal(size=(2, 9, 25, 3)).astype(np.float32)
        clip[:, 6:] = 0  # frames without anybody are filled, not lost
        new, released = (NormalizeSkeleton('ntu', center, align, lost_joints)(dict(keypoint=clip))['keypoint']
                         for lost_joints in ('absent', 'released'))
        np.testing.assert_array_equal(new, released)


@pytest.mark.parametrize('center', ['frame', 'first_frame'])
@pytest.mark.parametrize(('frames', 'joint'), [
    (slice(5, 6), 1), (slice(0, 3), 1), (slice(0, 1), 4), (slice(0, 11), 8), (slice(10, 12), 1), (slice(0, 1), 0)])
def test_a_lost_joint_moves_no_other(center, frames, joint):
    """One to centre or to align by: joints that are there are where they would be without the loss."""
    clip = still()
    whole = NormalizeSkeleton('nw_ucla', center)(dict(keypoint=clip))['keypoint']
    clip[0, frames, joint] = 0
    out = NormalizeSkeleton('nw_ucla', center)(dict(keypoint=clip))['keypoint']
    assert not out[0, frames, joint].any()
    there = clip.any(-1)
    np.testing.assert_array_equal(out[there], whole[there])


def test_a_first_person_who_is_lost_for_a_while_moves_no_other():
    clip = still(persons=2)
    whole = NormalizeSkeleton('nw_ucla')(dict(keypoint=clip))['keypoint']
    clip[0, 5] = 0
    np.testing.assert_array_equal(NormalizeSkeleton('nw_ucla')(dict(keypoint=clip))['keypoint'][1], whole[1])


@pytest.mark.parametrize('center', ['frame', 'first_frame'])
def test_a_clip_that_is_centred_already_is_aligned_as_it_was_released(center):
    clip = np.random.default_rng(0).normal(size=(2, 9, 20, 3)).astype(np.float32)
    clip -= clip[:1, :, 1:2]
    new, released = (NormalizeSkeleton('nw_ucla', center, lost_joints=lost_joints)(dict(keypoint=clip))['keypoint']
                     for lost_joints in ('absent', 'released'))
    np.testing.assert_array_equal(new, released)


def test_without_shoulders_the_spine_alone_is_turned():
    clip = still()
    clip[:, :, 4] = 0
    out = NormalizeSkeleton('nw_ucla')(dict(keypoint=clip))['keypoint']
    np.testing.assert_allclose(out[0, 0, 0] / np.linalg.norm(out[0, 0, 0]), [0, 0, -1], atol=1e-6)
    normalize = NormalizeSkeleton('nw_ucla')
    turn = released_rotation(*normalize.vectors(clip[0], clip[0].any(-1)))
    spine = clip[0, 0, 1] - clip[0, 0, 0]
    np.testing.assert_allclose(turn, rotation_between(spine, np.array([0, 0, 1])), atol=1e-6)


def normalized(clip, align):
    return NormalizeSkeleton('nw_ucla', align=align)(dict(keypoint=clip.astype(np.float32)))['keypoint']


def noisy_clip(scale=0.01):
    rng = np.random.default_rng(0)
    return still() + rng.normal(scale=scale, size=still().shape)


@pytest.mark.parametrize('align', ['body', 'upright'])
def test_alignment_by_the_median_does_not_depend_on_a_few_frames(align):
    clip, wild = noisy_clip(), noisy_clip()
    wild[:, :3] += np.random.default_rng(1).normal(scale=0.5, size=wild[:, :3].shape)
    clip[:, 0, 4] = 0  # a lost shoulder
    by_first, by_median = ([normalized(x, kind)[0, 3:] for x in (clip, wild)] for kind in (True, align))
    assert np.abs(by_median[0] - by_median[1]).max() < 0.05 < np.abs(by_first[0] - by_first[1]).max()


def turn_about(axis, degrees):
    a, b = (other for other in range(3) if other != axis)
    turn = np.eye(3)
    turn[a, a] = turn[b, b] = np.cos(np.deg2rad(degrees))
    turn[a, b], turn[b, a] = -np.sin(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return turn


def test_aligned_by_the_body_a_clip_looks_the_same_from_every_camera():
    clip = noisy_clip()
    turned = clip @ turn_about(0, 40) @ turn_about(1, 70)
    np.testing.assert_allclose(normalized(clip, 'body'), normalized(turned, 'body'), atol=1e-2)
    assert np.abs(normalized(clip, True) - normalized(turned, True)).max() > 0.05


def test_upright_keeps_the_vertical_and_undoes_turns_about_it():
    clip = noisy_clip()
    up = int(np.abs(clip[0, 0, 1] - clip[0, 0, 0]).argmax())
    out, turned = (normalized(x, 'upright') for x in (clip, clip @ turn_about(up, 70)))
    np.testing.assert_allclose(out, turned, atol=1e-2)
    height = clip[0, :, :, up] - clip[0, :, 1:2, up]
    np.testing.assert_allclose(np.abs(out[0, :, :, 2]), np.abs(height), atol=1e-5)
    assert out[0, 0, 1, 2] > out[0, 0, 0, 2]  # head up: the spine points to +z


@pytest.mark.parametrize('align', ['body', 'upright'])
def test_rotations_are_rotations_whatever_is_missing(align):
    for lost in ((0, 1), (4, 8), (0, 1, 4, 8), ()):
        clip = noisy_clip()
        clip[:, :, list(lost)] = 0
        normalize = NormalizeSkeleton('nw_ucla', align=align)
        turn = body_rotation(*normalize.vectors(clip[0], clip[0].any(-1)))
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(turn) > 0
    np.testing.assert_allclose(body_rotation(np.eye(3)[1], np.eye(3)[1]) @ np.eye(3)[1], np.eye(3)[2], atol=1e-9)


def test_an_unknown_way_to_align_is_refused():
    with pytest.raises(UserError, match="align must be True, False, 'body' or 'upright', got 'median'"):
        NormalizeSkeleton('nw_ucla', align='median')


def test_the_nearest_frame_is_the_earlier_of_two():
    known = np.array([False, True, False, False, False, True])
    assert nearest_frames(known).tolist() == [1, 1, 1, 1, 5, 5]


def test_released_takes_a_lost_joint_for_one_at_zero():
    clip = still()
    clip[0, 5, 1] = 0
    out = NormalizeSkeleton('nw_ucla', align=False, lost_joints='released')(dict(keypoint=clip))['keypoint']
    np.testing.assert_array_equal(out[0, 5, 2:], clip[0, 5, 2:])


def test_absent_joints_of_a_2d_pose_stay_zero():
    clip = np.random.default_rng(0).uniform(1, 400, (2, 4, 17, 2)).astype(np.float32)
    clip[1], clip[0, 2, 5] = 0, 0
    before, size = clip.copy(), dict(img_shape=(480, 640))
    out, stock = (transform(dict(keypoint=clip.copy(), **size))['keypoint']
                  for transform in (NormalizePose2D(), PreNormalize2D()))
    there = clip.any(-1)
    np.testing.assert_array_equal(out[there], stock[there])
    assert not out[~there].any() and (stock[~there] == -1).all()
    moved = NormalizePose2D(lost_joints='released')(dict(keypoint=clip, **size))['keypoint']
    np.testing.assert_array_equal(moved, stock)
    np.testing.assert_array_equal(clip, before)


def test_wrong_options_get_one_sentence():
    with pytest.raises(ValueError, match="center must be 'frame' or 'first_frame'"):
        NormalizeSkeleton(center='clip')
    for transform in (NormalizeSkeleton, NormalizePose2D):
        with pytest.raises(ValueError, match="lost_joints must be 'absent' or 'released', got 'zero'"):
            transform(lost_joints='zero')
    with pytest.raises(ValueError, match='layout "flat" has no spine and shoulders'):
        NormalizeSkeleton(dict(name='flat', parents=[0, 0], center=0))
    with pytest.raises(ValueError, match='needs 3-D keypoints, but the clips have 2 coordinates: for 2-D poses'):
        NormalizeSkeleton()(dict(keypoint=np.ones((1, 3, 25, 2))))
