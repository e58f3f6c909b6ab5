import numpy as np
import pytest
from mmaction.registry import DATASETS

from hico_mm.datasets import SkeletonDataset
from hico_mm.datasets.subsets import draw_subset
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation

LABELS = [0] * 95 + [1] * 14 + [2] * 3
NAMES = [f'clip{i:03}' for i in range(len(LABELS))]


@pytest.mark.parametrize('fraction, counts', [(0.01, [1, 1, 1]), (0.1, [10, 1, 1]), (0.5, [48, 7, 2]),
                                              (1, [95, 14, 3])])
def test_shares_of_each_class(fraction, counts):
    drawn = draw_subset(LABELS, NAMES, fraction)
    assert np.bincount(np.array(LABELS)[drawn]).tolist() == counts and len(set(drawn)) == len(drawn)


def test_a_seed_is_a_draw_whatever_the_order_and_smaller_shares_lie_within_greater():
    drawn = {NAMES[i] for i in draw_subset(LABELS, NAMES, 0.1, seed=3)}
    assert drawn == {NAMES[::-1][i] for i in draw_subset(LABELS[::-1], NAMES[::-1], 0.1, seed=3)}
    assert drawn != {NAMES[i] for i in draw_subset(LABELS, NAMES, 0.1, seed=4)}
    assert {NAMES[i] for i in draw_subset(LABELS, NAMES, 0.01, seed=3)} < drawn


def test_globally_random_draws():
    counts = [np.bincount(np.array(LABELS)[draw_subset(LABELS, NAMES, 0.1, s, per_class=False)], minlength=3)
              for s in range(50)]
    assert all(count.sum() == 11 for count in counts)
    assert min(count[2] for count in counts) == 0  # a rare class can be missed
    np.testing.assert_allclose(np.mean(counts, 0), 11 * np.bincount(LABELS) / len(LABELS), atol=0.7)


def test_fractions_that_are_none():
    for fraction in (0, -0.1, 1.5):
        with pytest.raises(ValueError, match='above 0 and at most 1'):
            draw_subset(LABELS, NAMES, fraction)


def test_a_data_set_of_a_share(tmp_path):
    dump_pickle(make_annotation(per_class=40), tmp_path / 'a.pkl')

    def build(**kwargs):
        return DATASETS.build(dict(type='SkeletonDataset', ann_file=str(tmp_path / 'a.pkl'), split='train',
                                   pipeline=[], **kwargs))

    part = build(subset=dict(fraction=0.1, seed=1))
    assert [part[i]['label'] for i in range(len(part))].count(2) == 2 and len(part) == 8
    whole = [clip['frame_dir'] for clip in build()]
    names = [clip['frame_dir'] for clip in part]
    assert names == [name for name in whole if name in names]  # in the dataset's order


@pytest.mark.parametrize('subset, said', [
    (dict(fraction='10%'), 'subset.fraction must be a finite number'), (dict(fraction=2), 'at most 1, got 2'),
    (dict(fraction=0.1, seed=-1), 'subset.seed must be a whole number from 0'), (0.1, 'subset must be a dict with'),
    (dict(fraction=0.1, seed='abc'), "got 'abc'"), (dict(seed=1), 'subset must be a dict with fraction'),
    (dict(fraction=0.1, ratio=2), 'subset must be a dict with fraction'),
    (dict(fraction=0.1, per_class='no'), 'subset.per_class must be True or False')])
def test_wrong_subsets_get_one_sentence(annotation_file, subset, said):
    with pytest.raises(UserError, match=said):
        SkeletonDataset(annotation_file(), split='train', layout='ntu', subset=subset)
