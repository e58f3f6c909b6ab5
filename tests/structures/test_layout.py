import pytest

from hico_mm.errors import UserError
from hico_mm.structures import LAYOUTS, get_layout


@pytest.mark.parametrize('name, joints', [
    ('ntu', 25), ('nw_ucla', 20), ('coco', 17), ('openpose_body25', 25), ('openpose_coco18', 18), ('mediapipe', 33),
    ('azure_kinect', 32)])
def test_bones_form_a_tree(name, joints):
    layout = get_layout(name)
    assert layout.num_joints == joints
    roots = [joint for joint, parent in enumerate(layout.parents) if joint == parent]
    assert len(roots) == 1 and len(layout.edges) == joints - 1
    for joint in range(joints):
        for _ in range(joints):
            joint = layout.parents[joint]
        assert joint == roots[0]


def test_bones_are_those_of_mmaction2():
    from mmaction.datasets.transforms import JointToBone
    for ours, theirs in (('ntu', 'nturgb+d'), ('coco', 'coco'), ('openpose_coco18', 'openpose')):
        assert sorted(enumerate(LAYOUTS[ours].parents)) == sorted(JointToBone(dataset=theirs).pairs)


def test_custom_layout_and_errors():
    layout = get_layout(dict(parents=[1, 1, 1], center=1))
    assert (layout.num_joints, layout.name, layout.spine) == (3, 'custom', None)
    with pytest.raises(ValueError, match='unknown skeleton layout "kinect"'):
        get_layout('kinect')
    with pytest.raises(ValueError, match=r'outside 0..2: \[7\]'):
        get_layout(dict(parents=[1, 1, 1], center=7))
    with pytest.raises(ValueError, match='needs parents and center'):
        get_layout(dict(parents=[0]))


@pytest.mark.parametrize('layout', LAYOUTS.values(), ids=list(LAYOUTS))
def test_left_and_right_mirror_each_other(layout):
    """The bones, the shoulders and the ends of the spine fit the pairs; a joint is in one pair at most."""
    pairs = dict(layout.pairs)
    mirrored = {**pairs, **{right: left for left, right in layout.pairs}}
    assert len(mirrored) == 2 * len(layout.pairs)
    for left, right in layout.pairs:
        parents = layout.parents[left], layout.parents[right]
        assert mirrored.get(parents[0], parents[0]) == parents[1], (left, right)
    assert layout.spine and layout.shoulders and pairs[layout.shoulders[0]] == layout.shoulders[1]
    assert (layout.spine[0] in pairs) == (layout.spine[1] in pairs)


@pytest.mark.parametrize('wrong, said', [
    (dict(spine=[0]), 'each of them is two different joints'), (dict(spine=[0, 1, 2]), 'two different joints'),
    (dict(shoulders=[1, 1]), 'two different joints'), (dict(pairs=[[0, 1, 2]]), 'two different joints'),
    (dict(parents=[0, 0.7, 1]), '0.7 in place of a joint'), (dict(center=1.0), '1.0 in place of a joint'),
    (dict(center=True), 'True in place of a joint')])
def test_joints_are_whole_numbers_and_a_spine_has_two_ends(wrong, said):
    with pytest.raises(UserError, match=said):
        get_layout(dict(dict(name='mine', parents=[0, 0, 1], center=0), **wrong))
