import numpy as np
import pytest

from hico_mm.structures import get_layout
from hico_mm.visualization import plot_clips, skeletons
from tests.helpers import make_annotation


@pytest.mark.parametrize('layout, channels', [('ntu', 3), ('coco', 2)])
def test_every_bone_of_every_person_in_every_frame(layout, channels):
    clips = [clip for clip in make_annotation(layout, channels=channels)['annotations'] if clip['total_frames'] > 8][:2]
    figure = plot_clips(clips, layout, num_frames=5)
    assert len(figure.axes) == 10 and f'{clips[1]["frame_dir"]}, label' in figure.axes[5].get_title(loc='left')
    bones = len(get_layout(layout).edges)
    assert all(len(axis.lines) == 2 * bones for axis in figure.axes)
    joint, parent = get_layout(layout).edges[0]
    drawn = figure.axes[0].lines[0].get_xydata()
    np.testing.assert_allclose(drawn, clips[0]['keypoint'][0, 0, [joint, parent], :2], rtol=1e-6)
    assert (figure.axes[0].yaxis_inverted()) == (channels == 2)


def test_who_is_absent_is_not_drawn():
    clip = make_annotation(per_class=1)['annotations'][0]
    clip['keypoint'] = np.repeat(clip['keypoint'][:, :1], 4, 1)
    clip['keypoint'][1, 0] = 0
    figure = plot_clips([clip], 'ntu', num_frames=2)
    bones = len(get_layout('ntu').edges)
    assert [len(axis.lines) for axis in figure.axes] == [bones, 2 * bones]


def test_sides_classes_and_numbers():
    clip = make_annotation('nw_ucla', num_persons=1, per_class=1)['annotations'][1]
    figure = plot_clips([clip], 'nw_ucla', num_frames=2, classes=['sit', 'wave'], numbers=True)
    colours = [line.get_color() for line in figure.axes[0].lines]
    edges = get_layout('nw_ucla').edges
    assert [colours[i] == skeletons.LEFT for i, (joint, _) in enumerate(edges)] == [
        joint in (4, 5, 6, 7, 12, 13, 14, 15) for joint, _ in edges]
    assert colours.count(skeletons.RIGHT) == 8 and figure.axes[0].get_title(loc='left') == 'clip1, wave'
    assert [text.get_text() for text in figure.axes[0].texts] == [str(joint) for joint in range(20)]
    assert not figure.axes[1].texts


def test_a_label_without_a_name_is_shown_as_a_number():
    clip = make_annotation(per_class=1)['annotations'][3]
    assert plot_clips([clip], 'ntu', classes=['a']).axes[0].get_title(loc='left') == 'clip3, label 3'
