"""What is drawn of a clip, in numbers."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from hico_mm.structures import get_layout
from hico_mm.visualization import joint_panel, stream_panels, view_panels, write_animation, write_page
from hico_mm.visualization.panels import FAINT
from hico_mm.visualization.upright import up_axis
from tests.converters.own import body

LAYOUT = get_layout('ntu')
CLIP = np.stack([body('ntu'), body('ntu', seed=1, center=(1, 0, 3))]).astype(np.float32)


def test_a_clip_stands_upright_whichever_axis_is_up():
    lying = CLIP[..., [0, 2, 1]] * np.array([1, -1, 1], np.float32)  # z is up
    assert up_axis([lying], LAYOUT) == 3
    np.testing.assert_allclose(joint_panel(lying, LAYOUT, 3, 'a', '').points, CLIP, atol=1e-6)


def test_a_centred_clip_has_its_centre_joint_and_its_up():
    centred = CLIP[:1] - CLIP[:1, :, LAYOUT.center][:, :, None]
    centred[0, 3] = 0  # nobody
    assert up_axis([centred], LAYOUT) == 2
    points = joint_panel(centred, LAYOUT, 2, 'a', '').points
    assert (points[0, 0, LAYOUT.center] == 0).all() and np.isnan(points[0, 3]).all()


def test_streams_are_those_of_the_joints():
    clip = CLIP.copy()
    clip[0, 5, 7] = 0  # a lost joint
    joint, bone, motion = stream_panels(clip, LAYOUT, 2, 'a', 'wave')
    child, parent = LAYOUT.edges[3]
    np.testing.assert_allclose(bone.points[1, 2, child], clip[1, 2, child] - clip[1, 2, parent], atol=1e-6)
    assert (bone.points[:, :, -1] == 0).all() and {edge[1] for edge in bone.edges} == {25}
    factor = float(re.search('[0-9.]+ times', motion.kind)[0].split()[0])
    arrows = motion.points[:, :, 25:] - motion.points[:, :, :25]
    np.testing.assert_allclose(arrows[1, :-1], factor * (clip[1, 1:] - clip[1, :-1]), atol=.1)
    assert (arrows[1, -1] == 0).all()
    assert np.isnan(arrows[0, 4:6, 7]).all() and np.isnan(joint.points[0, 5, 7]).all()
    assert sum(edge[2] == FAINT for edge in motion.edges) == len(LAYOUT.edges)
    assert joint.title == 'a, wave, joint stream, 12 frames'


def test_views_of_another_stream_are_drawn_from_one_origin():
    one, = view_panels([CLIP], 'bone', LAYOUT, 2, 'a')
    assert one.points.shape[2] == 26 and one.kind == 'view 1, bone stream'
    joint, motion = view_panels([np.concatenate([CLIP, 2 * CLIP], -1)], 'joint+motion', LAYOUT, 2, 'a')
    assert (joint.kind, motion.kind) == ('view 1, joint stream', 'view 1, motion stream')
    np.testing.assert_array_equal(joint.points, CLIP)
    one, = view_panels([CLIP], 'joint', LAYOUT, 2, 'a')
    np.testing.assert_array_equal(one.points, CLIP)


def test_a_gif_moves_for_as_long_as_the_clip(tmp_path):
    panels = stream_panels(CLIP, LAYOUT, 2, 'a')
    assert write_animation(tmp_path / 'a.gif', [panels], .8) == 10
    with Image.open(tmp_path / 'a.gif') as image:
        assert image.n_frames == 10 and image.info['duration'] == 80 and image.info['loop'] == 0
        frames = []
        for place in (0, 9):
            image.seek(place)
            frames.append(np.asarray(image.convert('RGB')).astype(int))
    assert np.abs(frames[0] - frames[1]).max() > 100
    blue, orange = ((np.abs(frames[0] - colour).max(-1) < 40).sum() for colour in ((0, 114, 178), (213, 94, 0)))
    assert blue > 100 and orange > 100


def test_a_page_has_the_points_of_each_panel(tmp_path):
    panels = stream_panels(CLIP, LAYOUT, 2, '<b>')
    write_page(tmp_path / 'a.html', [panels], 2.5)
    text = (tmp_path / 'a.html').read_text()
    data = json.loads(re.search('id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert data['seconds'] == 2.5 and '&lt;b&gt;' in text and '://' not in text
    assert [motion[0] for motion in data['motions']] == [[2, 12, number, 3] for number in (25, 26, 50)]
    assert [len(data['drawings'][motion[2]]) for motion in data['motions']] == [24, 24, 49]


def test_mp4_without_ffmpeg_is_refused_in_one_sentence(tmp_path, monkeypatch):
    from hico_mm.errors import UserError
    from hico_mm.visualization import animation
    monkeypatch.setattr(animation.shutil, 'which', lambda name: None)
    monkeypatch.setitem(__import__('sys').modules, 'imageio_ffmpeg', None)
    with pytest.raises(UserError, match='a.mp4 needs ffmpeg, which is not installed: pip install .hico_mm.film'):
        write_animation(tmp_path / 'a.mp4', [[joint_panel(CLIP, LAYOUT, 2, 'a', '')]], 1)
    assert not list(tmp_path.iterdir())


def test_an_mp4_is_a_film(tmp_path):
    from hico_mm.errors import UserError
    from hico_mm.visualization.animation import ffmpeg
    try:
        ffmpeg(tmp_path / 'a.mp4')
    except UserError:
        pytest.skip('there is no ffmpeg')
    assert write_animation(tmp_path / 'a.mp4', [[joint_panel(CLIP, LAYOUT, 2, 'a', '')]], .5) == 15
    assert (tmp_path / 'a.mp4').read_bytes()[4:8] == b'ftyp'
