import numpy as np

from hico_mm.datasets.suspicions import suspicions, wrong_units
from hico_mm.structures import get_layout
from tests.helpers import make_annotation

COCO = get_layout(dict(name='flat', parents=[0] * 17, center=0))


def keypoints(layout='ntu', channels=3):
    return [clip['keypoint'] for clip in make_annotation(layout, channels=channels)['annotations']]


def test_millimetres_are_said_with_their_count():
    clips, layout = keypoints(), get_layout('ntu')
    assert wrong_units(clips, layout) is None
    assert '24 of the 24 clips have bones with' in wrong_units([1000 * clip for clip in clips], layout)
    assert '3 of the 24 clips' in wrong_units([1000 * clip for clip in clips[:3]] + clips[3:], layout)


def test_absent_joints_and_persons_are_not_measured():
    clip = np.zeros((2, 9, 25, 3))
    clip[0, :, :2] = [[500, 500, 500], [500, 500, 500.2]]  # far away, a short bone, and 23 joints at the origin
    assert wrong_units([clip], get_layout('ntu')) is None
    assert '1 of the 1 clips' in wrong_units([1000 * clip], get_layout('ntu'))


def test_pixels_and_unknown_skeletons_have_no_units():
    assert wrong_units([1000 * clip for clip in keypoints('coco', 2)], get_layout('coco')) is None
    assert wrong_units([1000 * clip for clip in keypoints('coco')], COCO) is None
    assert '24 of the 24 clips have bones with' in wrong_units([1000 * clip for clip in keypoints()], None)
    assert wrong_units(keypoints(), None) is None


def test_labels_without_a_name_and_clips_without_a_label():
    clips = make_annotation()['annotations']
    assert not list(suspicions(clips, None, ['a', 'b', 'c', 'd']))
    said = list(suspicions([{**clips[0], 'label': None}, *clips[1:]], None, ['a', 'b']))
    assert '12 of the 24 clips have labels up to 3, but "classes" names only 2' in said[0]
    assert '1 of the 24 clips have no label' in said[1] and len(said) == 2
