import pytest

from hico_mm.structures import LAYOUTS, get_layout


@pytest.mark.parametrize('name, joints', [('ntu', 25), ('nw_ucla', 20), ('coco', 17)])
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
    for ours, theirs in (('ntu', 'nturgb+d'), ('coco', 'coco')):
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
