"""The one definition of a valid clip."""

import numpy as np
import pytest

from hico_mm.datasets.checks import UNLABELLED, clip_fault, keypoint_fault, label_of, named, shown
from hico_mm.structures import get_layout

SOUND = np.ones((1, 3, 25, 3), np.float32)


def clip(**changes):
    return {**dict(frame_dir='clip0', label=1, keypoint=SOUND), **changes}


@pytest.mark.parametrize('label', [0, 7, np.int64(7), np.uint8(7), None])
def test_labels_of_python_and_numpy_and_none_at_all(label):
    assert clip_fault(clip(label=label)) is None
    expected = UNLABELLED if label is None else int(label)
    assert label_of(clip(label=label)) == expected and type(label_of(clip(label=label))) is int


def test_a_clip_without_the_key():
    bare = clip()
    del bare['label']
    assert clip_fault(bare) is None and label_of(bare) == UNLABELLED


@pytest.mark.parametrize('label', [
    True, np.bool_(True), 1.0, np.float32(1), '1', -1, np.int64(-1), 10 ** 12, 10 ** 4000, np.array(1), [1], {}])
def test_labels_that_are_not_the_number_of_a_class(label):
    assert clip_fault(clip(label=label)).startswith('has the label ')


@pytest.mark.parametrize('name', [None, 3, '', ['a'], np.zeros(2), 'a\nb', 'a\0', '\ud800', 'a' * 5000])
def test_names_that_are_not_a_line_of_text(name):
    assert 'has no name (frame_dir) that is one line of text' in clip_fault(clip(frame_dir=name))


@pytest.mark.parametrize('name', ['S001', np.str_('S001'), '動作 1', 'a/b c'])
def test_names_that_are(name):
    assert clip_fault(clip(frame_dir=name)) is None and named(dict(filename=name)) == name


@pytest.mark.parametrize('keypoint, said', [
    (SOUND * 1e6, 'has a coordinate of 1e+06, which is too large for any unit'),
    (np.full(SOUND.shape, 1e300), 'has NaN or infinite coordinates'),
    (np.full(SOUND.shape, 1e-300), 'is empty'),
    (SOUND.astype(bool), 'of type bool, not real numbers'),
    (SOUND.astype(str), 'not real numbers'),
    (SOUND.astype('M8[s]'), 'not real numbers'),
    (SOUND.tolist(), 'that are not an array'),
])
def test_keypoints_are_judged_as_they_will_be_used(keypoint, said):
    assert said in keypoint_fault(keypoint, get_layout('ntu'))
    assert said in clip_fault(clip(keypoint=keypoint))


def test_the_size_of_a_picture_counts_for_poses_in_it():
    flat = np.ones((1, 3, 17, 2))
    assert clip_fault(clip(keypoint=flat, img_shape=(480, np.int64(640)))) is None
    for size in (None, (1, 2, 3), (0, 640), ('a', 'b'), 'ab'):
        assert 'img_shape' in clip_fault(clip(keypoint=flat, img_shape=size))
        assert clip_fault(clip(img_shape=size)) is None


def test_what_a_message_shows_is_short_and_printable():
    nested = []
    nested.append(nested)
    for value in ('\ud800', 'a' * 5000, 10 ** 5000, np.zeros(10 ** 6), nested, b'\xff', None, np.str_('\n')):
        shown(value).encode('utf-8')
        assert len(shown(value)) < 110 and shown(value).isprintable()
    assert shown('wave') == "'wave'" and shown(np.float32(0.5)) == '0.5'
