import pytest
import torch

from hico_mm.structures import LEVELS, HierarchicalFeatures, check_names


def test_levels_are_put_together_in_order():
    clip, part = torch.arange(6.).view(1, 2, 3), torch.arange(6., 12.).view(1, 2, 3)
    features = HierarchicalFeatures(clip, part)
    assert features.instance.tolist() == [list(range(12))]
    assert features.level('temporal').tolist() == [list(range(6))]
    assert features.level('spatial').tolist() == [list(range(6, 12))]
    assert features.level('clip') is clip and features.level('part') is part


def test_one_branch_alone():
    features = HierarchicalFeatures(part=torch.ones(2, 4, 3))
    assert features.instance.shape == (2, 12)
    with pytest.raises(ValueError, match='temporal branch is switched off, so there is no clip feature'):
        features.level('temporal')


def test_names_are_checked_and_ordered():
    assert check_names(['instance', 'clip'], LEVELS, 'levels') == ('clip', 'instance')
    with pytest.raises(ValueError, match='levels must be one or more of'):
        check_names(['domain'], LEVELS, 'levels')
