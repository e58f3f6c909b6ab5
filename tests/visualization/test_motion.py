import base64
import json
import re

import numpy as np

from hico_mm.structures import get_layout
from hico_mm.visualization.motion import ABSENT, INNER, Motions, drawing, quantise
from hico_mm.visualization.strip import write_strip


def test_a_copy_has_the_shape_of_the_body_and_says_which_joints_are_absent():
    clip = np.random.default_rng(0).uniform(-1, 1, (2, 100, 25, 3)) + [5, 0, 2]
    clip[1, 50:] = 0
    copy = quantise(clip)
    assert copy.shape == (2, 32, 25, 3) and copy.dtype == np.int16
    frames = np.linspace(0, 99, 32).round().astype(int)
    absent = frames >= 50
    assert (copy[1, absent] == ABSENT).all() and (copy[1, ~absent] != ABSENT).all()
    scale = np.polyfit(copy[0].ravel(), (clip[0, frames] - [5, 0, 2]).ravel(), 1)[0]
    np.testing.assert_allclose(copy[0] * scale, clip[0, frames] - [5, 0, 2], atol=.02)
    assert abs(np.percentile(copy[0], 99) - INNER) < .03 * INNER
    assert quantise(clip[:, :3]).shape == (2, 3, 25, 3)


def test_one_joint_far_away_does_not_make_the_body_small():
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 40, 25, 3))
    body = quantise(clip)[0, :, 1]
    clip[0, 3, 0] = 1000
    assert np.abs(quantise(clip)[0, :, 1] - body).max() < .02 * INNER


def test_copies_are_split_and_joined():
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(persons, frames, 5, 2)) for persons, frames in ((1, 3), (2, 50), (1, 1))]
    motions = Motions.of(clips)
    for i, clip in enumerate(clips):
        np.testing.assert_array_equal(motions.get(i), quantise(clip))
        np.testing.assert_array_equal(motions.split()[i], quantise(clip))
    again = Motions.join(motions.split()[::-1])
    np.testing.assert_array_equal(again.get(0), quantise(clips[2]))
    assert len(Motions.of([]).shapes) == 0


def test_the_page_holds_the_numbers(tmp_path):
    motion = quantise(np.random.default_rng(0).normal(size=(1, 4, 25, 3)))
    rows = [[dict(name='a', kind='query', motion=motion)]]
    write_strip(tmp_path / 'a.html', rows, drawing(get_layout('ntu')), 'A & B')
    page = (tmp_path / 'a.html').read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    shape, text, place = data['motions'][0]
    edges = data['drawings'][place]
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(text), '<i2').reshape(shape), motion)
    assert [4, 20, 1] in edges and [8, 20, 2] in edges and [0, 1, 0] in edges
    assert '<title>A &amp; B</title>' in page
