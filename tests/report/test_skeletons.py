import base64

import numpy as np
import pytest

from hico_mm.report.names import fact_of, facts_of
from hico_mm.report.skeletons import ABSENT, LARGEST, pack, skeleton_of
from hico_mm.structures import get_layout
from hico_mm.visualization.upright import UPS, up_axis, up_text, upright


def unpack(packed, joints, channels):
    whole = np.frombuffer(base64.b64decode(packed.text), '<i2').reshape(packed.persons, packed.frames, joints, channels)
    return np.where(whole == ABSENT, np.nan, whole / LARGEST * packed.reach)


def test_a_clip_is_the_same_up_to_place_and_size():
    clip = np.random.default_rng(0).normal(size=(2, 20, 25, 3)).astype(np.float32)
    found = unpack(pack(clip), 25, 3)
    assert found.shape == clip.shape
    a, b = (values - values.mean((0, 1, 2)) for values in (clip, found))
    np.testing.assert_allclose(b * np.abs(a).max() / np.abs(b).max(), a, atol=3e-4)
    assert np.quantile(np.abs(found[..., :2]), .97) <= 1  # it fits the window of the player


def test_long_clips_keep_their_ends_and_short_ones_all_frames():
    clip = np.arange(1, 101, dtype=np.float32).reshape(1, 100, 1, 1) * np.ones((1, 1, 2, 3), np.float32)
    long = pack(clip)
    assert long.frames == 32
    times = unpack(long, 2, 3)[0, :, 0, 0]
    assert (times[-1] - times[0]) / (times[1] - times[0]) == pytest.approx(99 / 3, rel=.01)
    assert pack(clip[:, :5]).frames == 5


def test_lost_joints_and_lost_persons_stay_lost():
    clip = np.random.default_rng(0).normal(size=(3, 4, 20, 3)).astype(np.float32)
    clip[1] = 0
    clip[0, 2, 7] = 0
    packed = pack(clip)
    assert packed.persons == 2
    found = unpack(packed, 20, 3)
    assert np.isnan(found).sum() == 3 and np.isnan(found[0, 2, 7]).all()
    assert pack(np.zeros((2, 3, 20, 3), np.float32)).persons == 1


@pytest.mark.parametrize('up', [1, -1, 2, -2, 3, -3])
def test_bodies_stand_whatever_axis_points_up(up):
    layout = get_layout('ntu')
    clip = np.random.default_rng(0).normal(0, .01, (1, 6, 25, 3)).astype(np.float32)
    clip[:, :, [*range(1, 12), *range(20, 25)], abs(up) - 1] += np.sign(up)  # all but hips and legs
    clip[:, :, 1] = clip[:, :, 0]  # a joint of the spine may be wrong
    clip[:, :, 20] += np.roll([0, .5, 0], up)
    assert up_axis([clip], layout) == up and UPS[up_text(up)] == up
    standing = upright(clip, up)
    assert (standing[:, :, 2, 1] > .9).all()
    turn = upright(np.eye(3, dtype=np.float32), up)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)  # a rotation, which keeps left and right


def test_pixels_point_down():
    assert upright(np.array([[3., 4.]]), 2).tolist() == [[3, -4]]
    assert up_axis([np.ones((1, 2, 17, 2))], get_layout('coco')) == 2


def test_bones_tell_left_from_right():
    bones = {joint: side for joint, _, side in skeleton_of(get_layout('nw_ucla'), 3)['bones']}
    assert bones[5] == 1 and bones[9] == 2 and bones[1] == 0


@pytest.mark.parametrize('name, subject, camera', [
    ('S001C002P003R002A050', '3', '2'), ('a04_s10_e03_v02', '10', '2'), ('A12N04-L_003', '4', 'L'),
    ('0002-M_010', None, 'M'), ('my_clip', None, None)])
def test_subject_and_camera_from_names(name, subject, camera):
    assert (fact_of({}, name, 'subject'), fact_of({}, name, 'camera')) == (subject, camera)


def test_annotations_go_before_names_and_all_clips_must_have_the_fact():
    assert fact_of(dict(subject=7), 'a04_s10_e03_v02', 'subject') == '7'
    assert facts_of([{}, {}], ['a04_s10_e03_v02', 'other'], 'subject') is None
