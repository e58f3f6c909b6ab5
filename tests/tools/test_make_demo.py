import numpy as np
import pytest

from hico_mm.structures import get_layout


@pytest.fixture
def tool(load_tool):
    return load_tool('data/make_demo.py')


def test_bones_keep_their_length_in_motion(tool):
    body, seconds = tool.template(), np.linspace(0, 3, 40)
    for turns in tool.ACTIONS.values():
        moving = tool.pose(body, turns, seconds)
        for joint, parent in get_layout('ntu').edges:
            length = np.linalg.norm(moving[:, joint] - moving[:, parent], axis=-1)
            np.testing.assert_allclose(length, np.linalg.norm(body[joint] - body[parent]), atol=1e-9)
    assert np.ptp(tool.pose(body, tool.ACTIONS['wave'], seconds)[:, 11], axis=0).max() > 0.2


def test_splits_are_disjoint_and_the_seed_decides(tool):
    demo, again, other = (tool.make_demo(3, 1, seed) for seed in (0, 0, 1))
    assert len(demo['annotations']) == 72 and {clip['label'] for clip in demo['annotations']} == set(range(8))
    for a, b in (('xsub_train', 'xsub_val'), ('xview_train', 'xview_val')):
        assert not set(demo['split'][a]) & set(demo['split'][b])
        assert len(demo['split'][a]) + len(demo['split'][b]) == 72
    first = [d['annotations'][5]['keypoint'] for d in (demo, again, other)]
    np.testing.assert_array_equal(first[0], first[1])
    assert first[0].shape != first[2].shape or (first[0] != first[2]).any()
