import numpy as np
import pytest

from hico_mm.structures import get_layout
from hico_mm.visualization import plot_clips, skeletons
from hico_mm.visualization.panels import LEFT, MIDDLE, RIGHT
from tests.helpers import make_annotation


def lines_of(axis):
    """The segments (n, 2, 2) of all lines in axes."""
    return np.concatenate([np.array(lines.get_segments()).reshape(-1, 2, 2) for lines in axis.collections])


@pytest.mark.parametrize('layout, channels', [('ntu', 3), ('coco', 2)])
def test_every_bone_of_every_person_in_every_frame(layout, channels):
    clips = [clip for clip in make_annotation(layout, channels=channels)['annotations'] if clip['total_frames'] > 8][:2]
    for clip in clips:  # everybody stands upright
        clip['keypoint'][..., get_layout(layout).spine[1], :2] = (0, 9)
        clip['keypoint'][..., get_layout(layout).spine[0], :2] = (0, -9)
    figure = plot_clips(clips, layout, num_frames=5)
    assert len(figure.axes) == 10 and f'{clips[1]["frame_dir"]}, label' in figure.axes[5].get_title(loc='left')
    assert all(len(lines_of(axis)) == 2 * len(get_layout(layout).edges) for axis in figure.axes)
    joint, parent = get_layout(layout).edges[0]
    expected = clips[0]['keypoint'][0, 0, [joint, parent], :2] * (1, 1 if channels == 3 else -1)
    assert any(np.allclose(drawn, expected, rtol=1e-6) for drawn in lines_of(figure.axes[0]))
    for axis in figure.axes:  # one scale in both directions
        (left, right), (low, high) = axis.get_xlim(), axis.get_ylim()
        box = axis.get_window_extent()
        assert (right - left) / (high - low) == pytest.approx(box.width / box.height, rel=.01)


def test_who_is_absent_is_not_drawn():
    clip = make_annotation(per_class=1)['annotations'][0]
    clip['keypoint'] = np.repeat(clip['keypoint'][:, :1], 4, 1)
    clip['keypoint'][1, 0] = 0
    figure = plot_clips([clip], 'ntu', num_frames=2)
    bones = len(get_layout('ntu').edges)
    assert [len(lines_of(axis)) for axis in figure.axes] == [bones, 2 * bones]


def test_persons_have_colours_and_sides_have_line_styles():
    layout = get_layout('nw_ucla')
    clip = make_annotation('nw_ucla', num_persons=2, per_class=1)['annotations'][1]
    figure = plot_clips([clip], 'nw_ucla', num_frames=2, classes=['sit', 'wave'], numbers=True)
    kinds = [(tuple(np.round(lines.get_color()[0], 3)), lines.get_linestyle()[0][1] is not None,
              len(lines.get_segments())) for lines in figure.axes[0].collections]
    colours = list(dict.fromkeys(colour for colour, *_ in kinds))
    assert len(colours) == 2
    left = sum(joint in range(4, 8) or joint in range(12, 16) for joint, _ in layout.edges)
    for colour in colours:
        assert sorted((dashed, number) for other, dashed, number in kinds if other == colour) == sorted(
            [(True, left), (False, left), (False, len(layout.edges) - 2 * left)])
    assert skeletons.STYLES[LEFT]['linestyle'] not in (skeletons.STYLES[side]['linestyle'] for side in (RIGHT, MIDDLE))
    assert figure.axes[0].get_title(loc='left').startswith('clip1, wave')
    assert [text.get_text() for text in figure.axes[0].texts] == [str(joint) for joint in range(20)]
    assert not figure.axes[1].texts
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert said == ['person 1', 'person 2', 'left side', 'right side']


def test_a_label_without_a_name_is_shown_as_a_number():
    clip = make_annotation(per_class=1)['annotations'][3]
    assert plot_clips([clip], 'ntu', classes=['a']).axes[0].get_title(loc='left').startswith('clip3, label 3')
