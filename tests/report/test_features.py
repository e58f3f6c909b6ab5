import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hico_mm.errors import UserError
from hico_mm.report.clips import play_order, shown_clips
from hico_mm.report.features import make_map, nearest


def test_neighbours_are_those_of_all_cosines_without_oneself():
    features = torch.randn(30, 8)
    gallery = np.arange(20)
    found = nearest(features, gallery, 5, chunk=7)
    unit = F.normalize(features, dim=1)
    cosines = unit @ unit[:20].t()
    cosines[range(20), range(20)] = -2
    expected = cosines.topk(5)
    assert found.places.tolist() == expected.indices.tolist()
    np.testing.assert_allclose(found.cosines, expected.values, atol=1e-6)


def test_a_diverged_encoder_has_no_neighbours():
    with pytest.raises(UserError, match='diverged'):
        nearest(torch.full((4, 2), float('nan')), np.arange(2), 1)


@pytest.mark.parametrize('clips', [1, 3, 5, 90])
def test_the_map_lies_in_a_square_and_repeats(clips):
    pytest.importorskip('sklearn')
    features = torch.randn(clips, 16)
    places = make_map(features)
    assert places.shape == (clips, 2) and places.min() >= -1e-6 and places.max() <= 1 + 1e-6
    np.testing.assert_array_equal(places, make_map(features))


def test_groups_are_apart_on_the_map():
    pytest.importorskip('sklearn')
    labels = torch.arange(120) % 3
    noise = torch.randn(120, 12, generator=torch.Generator().manual_seed(0))
    places = torch.from_numpy(make_map(10 * F.one_hot(labels, 12) + noise))
    distances = torch.cdist(places, places).fill_diagonal_(torch.inf)
    assert (labels[distances.argmin(1)] == labels).all()  # with labels at random, a third would agree


def test_clips_that_are_shown_come_with_their_neighbours():
    rng = np.random.default_rng(0)
    tables = [rng.integers(0, 600, (1000, 5)) for _ in range(2)]
    shown = shown_clips(tables, 600, 100)
    assert len(shown) == 100 and len(set(shown)) == 100 and (np.diff(shown) > 0).all()
    queries = [clip for clip in shown if clip >= 600]
    assert queries and all(set(table[clip]) <= set(shown) for table in tables for clip in queries)
    assert shown_clips(tables, 600, 1000).tolist() == list(range(1000))


def test_a_clip_is_played_with_its_neighbours():
    rng = np.random.default_rng(0)
    tables = [rng.integers(0, 60, (100, 5)) for _ in range(2)]
    shown = np.sort(rng.permutation(100)[:80])
    order = play_order(tables, 60, shown)
    assert sorted(order) == list(range(80))
    clips = shown[order].tolist()
    assert clips[0] >= 60
    near = {int(other) for table in tables for other in table[clips[0]]} & set(shown.tolist())
    assert set(clips[1:1 + len(near)]) == near
