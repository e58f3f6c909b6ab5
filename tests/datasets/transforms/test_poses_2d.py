"""Transforms of 2-D poses."""

import numpy as np
import pytest
import torch

from hico_mm.datasets.transforms import (
    JointCorruption,
    NormalizePose2D,
    PoseFlip,
    PoseShear,
    RandomRotation2D,
    derive_stream,
)
from hico_mm.structures import LAYOUTS


def a_clip(persons=2, frames=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(100, 900, size=(persons, frames, 17, 2)).astype(np.float16)


@pytest.mark.parametrize('box', ['image', 'body'])
def test_what_the_caller_gives_is_not_modified(box):
    clip = dict(keypoint=a_clip(), keypoint_score=np.full((2, 3, 17), .5, np.float16), img_shape=(720, 1280))
    before = {key: np.copy(value) for key, value in clip.items()}
    out = NormalizePose2D(box=box, score_thr=.6, with_score=True)(clip)
    assert all(np.array_equal(clip[key], before[key]) for key in clip) and out['keypoint'].dtype == np.float32


def test_the_image():
    clip = np.array([[[[640, 360], [1280, 720], [0, 0]]]], np.float32)
    for size in (dict(img_shape=(720, 1280)), {}):
        out = NormalizePose2D(img_shape=(720, 1280))(dict(keypoint=clip, **size))['keypoint']
        assert out.tolist() == [[[[0, 0], [1, 1], [0, 0]]]]


def test_the_body():
    """Neither the place nor the size in the image matters, and width and height have the same scale."""
    clip = np.array([[[[10, 20], [30, 60], [0, 0]]], [[[0, 0], [20, 40], [0, 0]]]], np.float32)
    out = NormalizePose2D(box='body')(dict(keypoint=clip))['keypoint']
    assert out.tolist() == [[[[-.5, -1], [.5, 1], [0, 0]]], [[[0, 0], [0, 0], [0, 0]]]]
    moved = np.where(clip.any(-1, keepdims=True), 3 * clip + 7, 0)
    np.testing.assert_allclose(NormalizePose2D(box='body')(dict(keypoint=moved))['keypoint'], out)


def test_joints_of_low_confidence_are_absent_and_do_not_count_for_the_box():
    clip = np.array([[[[10, 20], [30, 60], [5000, 5000]]]], np.float32)
    score = np.array([[[.9, .5, .2]]], np.float32)
    for sample in (dict(keypoint=clip, keypoint_score=score),
                   dict(keypoint=np.concatenate([clip, score[..., None]], -1))):  # the score as a third number
        out = NormalizePose2D(box='body', score_thr=.3, with_score=True)(sample)['keypoint']
        np.testing.assert_allclose(out, [[[[-.5, -1, .9], [.5, 1, .5], [0, 0, 0]]]])
    every = NormalizePose2D(box='body', score_thr=.3)(dict(keypoint=clip))['keypoint']  # no scores: all count
    assert every[0, 0, 2, 0] == 1
    assert NormalizePose2D(with_score=True)(dict(keypoint=clip))['keypoint'][..., 2].tolist() == [[[1, 1, 1]]]


@pytest.mark.parametrize('keypoint, score', [
    (np.zeros((1, 2, 17, 2)), None), (np.ones((1, 2, 17, 2)), np.zeros((1, 2, 17))),
    (np.ones((1, 2, 17, 2)), np.full((1, 2, 17), np.nan))])
@pytest.mark.parametrize('box', ['image', 'body'])
def test_nobody_is_there(keypoint, score, box):
    scores = {} if score is None else dict(keypoint_score=score)
    out = NormalizePose2D(box=box, score_thr=.3, with_score=True)(dict(keypoint=keypoint, **scores))['keypoint']
    assert out.shape == (1, 2, 17, 3) and not out.any()


def test_lost_joints_are_interpolated_while_the_person_is_there():
    rng = np.random.default_rng(0)
    clip = rng.uniform(100, 900, size=(2, 6, 17, 2)).astype(np.float32)
    clip[0, :, 3] = np.arange(1, 7)[:, None] * (10., 20.)
    wanted, score = clip.copy(), np.ones((2, 6, 17), np.float32)
    clip[0, 2:4, 3] = 5000
    score[0, 2:4, 3] = .1
    clip[0, 5, 3] = 0
    wanted[0, 5, 3] = wanted[0, 4, 3]  # after the last detection
    clip[1, 0] = wanted[1, 0] = 0  # the second person is not there yet
    clip[1, :, 8] = wanted[1, :, 8] = 0  # never detected
    arguments = dict(score_thr=.3, lost_joints='interpolate', with_score=True)
    out = NormalizePose2D(**arguments)(dict(keypoint=clip, keypoint_score=score, img_shape=(1000, 1000)))['keypoint']
    expected = np.where(wanted.any(-1, keepdims=True), wanted / 500 - 1, 0)
    np.testing.assert_allclose(out[..., :2], expected, atol=1e-6)
    assert not out[0, 2:4, 3, 2].any() and not out[0, 5, 3, 2] and out[0, 4, 3, 2] == 1


def test_poses_in_space_are_refused():
    with pytest.raises(ValueError, match='third number is from 3 to 3: use an encoder for 3-D poses'):
        NormalizePose2D()(dict(keypoint=np.full((1, 2, 17, 3), 3.)))
    for arguments in dict(box='person'), dict(lost_joints='kept'):
        with pytest.raises(ValueError, match=str(*arguments)):
            NormalizePose2D(**arguments)
    with pytest.raises(ValueError, match='use RandomRotation'):
        RandomRotation2D(in_channels=3)


@pytest.mark.parametrize('layout', sorted(LAYOUTS))
def test_a_flip_exchanges_left_and_right(layout):
    flip, joints = PoseFlip(layout, prob=.5), LAYOUTS[layout].num_joints
    clips, parameters = torch.rand(64, 2, 3, joints, 2) + 1, flip.draw(64)
    out, chosen = flip.apply(clips, parameters), parameters['flip']
    assert 16 < chosen.sum() < 48 and torch.equal(out[~chosen], clips[~chosen])
    left, right = LAYOUTS[layout].pairs[0]
    assert torch.equal(out[chosen][..., left, 0], -clips[chosen][..., right, 0])
    assert torch.equal(out[chosen][..., right, 1], clips[chosen][..., left, 1])
    assert torch.equal(flip.apply(out, parameters), clips)
    with pytest.raises(ValueError, match='which joints are left and right'):
        PoseFlip(dict(name='mine', parents=[0, 0], center=0))


def test_a_rotation_keeps_angles_and_changes_the_size():
    rotate, clips = RandomRotation2D(max_angle=15, max_scale=.2), torch.randn(200, 1, 2, 17, 2)
    out = rotate.apply(clips, rotate.draw(200))
    a, b = (torch.view_as_complex(x[:, 0, 0, 0].contiguous()) for x in (clips, out))
    ratio = b / a
    assert .8 <= ratio.abs().min() < .85 and 1.15 < ratio.abs().max() <= 1.2
    degrees = ratio.angle().rad2deg()
    assert -15 <= degrees.min() < -12 and 12 < degrees.max() <= 15
    torch.testing.assert_close(torch.view_as_complex(out) / torch.view_as_complex(clips),
                               ratio[:, None, None, None].expand(-1, 1, 2, 17))


@pytest.mark.parametrize('transform', [PoseShear(in_channels=2), RandomRotation2D(), PoseFlip('coco', 1)])
def test_scores_are_not_transformed(transform):
    clips = torch.randn(8, 2, 3, 17, 3)
    parameters = transform.draw(8)
    out = transform.apply(clips, parameters)
    flat = transform.apply(clips[..., :2].contiguous(), parameters)
    torch.testing.assert_close(out[..., :2], flat)
    order = transform._order if isinstance(transform, PoseFlip) else slice(None)
    assert torch.equal(out[..., 2], clips[..., order, 2])


def test_corrupted_joints_that_are_zeroed_have_no_score():
    transform, clips = JointCorruption('coco', in_channels=2), torch.rand(50, 1, 3, 17, 3) + 1
    parameters = transform.draw(50)
    out, zeroed = transform.apply(clips, parameters), (parameters['matrix'] == 0).flatten(1).all(1)
    for clip, changed, joints, zero in zip(clips, out, parameters['joints'], zeroed):
        expected = torch.where(joints & zero, 0, clip[..., 2])
        assert torch.equal(changed[..., 2], expected)


def test_scores_of_bones_and_motion():
    clips = torch.rand(2, 1, 4, 17, 3)
    bone, motion = (derive_stream(clips, stream, 'coco', with_score=True) for stream in ('bone', 'motion'))
    flat = clips[..., :2]
    assert torch.equal(bone[..., :2], derive_stream(flat, 'bone', 'coco'))
    assert torch.equal(motion[..., :2], derive_stream(flat, 'motion', 'coco'))
    parents = list(LAYOUTS['coco'].parents)
    torch.testing.assert_close(bone[..., 2], (clips[..., 2] + clips[..., parents, 2]) / 2)
    torch.testing.assert_close(motion[:, :, :3, :, 2], (clips[:, :, :3, :, 2] + clips[:, :, 1:, :, 2]) / 2)
    torch.testing.assert_close(motion[:, :, 3, :, 2], clips[:, :, 3, :, 2])
