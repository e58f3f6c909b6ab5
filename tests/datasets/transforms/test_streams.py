import numpy as np
import pytest
import torch
from mmaction.registry import TRANSFORMS

from hico_mm.datasets.transforms import derive_stream
from hico_mm.datasets.transforms.streams import MOTION_SCALE


@pytest.mark.parametrize('layout, dataset, stock', [('ntu', 'nturgb+d', 'b'), ('ntu', 'nturgb+d', 'jm')])
def test_streams_equal_those_of_mmaction2(layout, dataset, stock):
    clip = np.random.default_rng(0).normal(size=(2, 10, 25, 3)).astype(np.float32)
    theirs = TRANSFORMS.build(dict(type='GenSkeFeat', dataset=dataset, feats=[stock]))(dict(keypoint=clip.copy()))
    stream = {'b': 'bone', 'jm': 'motion'}[stock]
    np.testing.assert_allclose(derive_stream(torch.from_numpy(clip), stream, layout), theirs['keypoint'], atol=1e-6)


def test_joint_stream_and_unknown_stream():
    clip = torch.randn(2, 1, 4, 25, 3)
    assert derive_stream(clip, 'joint', 'ntu') is clip
    assert not derive_stream(clip, 'motion', 'ntu')[:, :, -1].any()
    with pytest.raises(ValueError, match='unknown stream "velocity": use one of'):
        derive_stream(clip, 'velocity', 'ntu')


def test_a_combination_concatenates_the_coordinates_of_its_streams():
    clip = torch.randn(2, 1, 4, 25, 3)
    both = derive_stream(clip, 'motion+joint', 'ntu')
    assert both.shape == (2, 1, 4, 25, 6)
    assert (both[..., 3:] == clip).all()
    assert (both[..., :3] == MOTION_SCALE * derive_stream(clip, 'motion', 'ntu')).all()
    with pytest.raises(ValueError, match='stream "joint[+]joint" names a stream twice: use one of'):
        derive_stream(clip, 'joint+joint', 'ntu')
    with pytest.raises(ValueError, match='unknown stream "": use one of'):
        derive_stream(clip, 'joint+', 'ntu')
