import pytest
import torch

from hico_mm.models.heads import FeatureQueue


@pytest.mark.parametrize('batch', [1, 3, 4, 7, 10, 11, 25])
def test_holds_the_last_keys_in_order_for_any_batch(batch):
    queue, stored = FeatureQueue(10, 2), []
    for step in range(12):
        keys = torch.arange(step * batch, (step + 1) * batch).float()[:, None].repeat(1, 2)
        queue.enqueue(keys)
        stored += keys[:, 0].tolist()
        newest = stored[-10:]
        assert sorted(newest) == sorted(x for x in queue.features[:, 0].tolist() if x in stored)
        if len(stored) >= 10:
            assert queue.features.roll(-int(queue.pointer), 0)[:, 0].tolist() == newest


def test_no_initial_negative_is_left():
    queue = FeatureQueue(8192, 4)
    initial = queue.features.clone()
    for _ in range(8192 // 60 + 1):
        queue.enqueue(torch.full((60, 4), 9.))
    assert not (queue.features == initial).any()


def test_released_queue_leaves_three_quarters():
    queue = FeatureQueue(32, 4, wrap_at=8)
    initial = queue.features.clone()
    for _ in range(10):
        queue.enqueue(torch.full((3, 4), 9.))
    assert (queue.features[:8] == 9).all() and (queue.features[8:] == initial[8:]).all()
    assert queue.pointer == 30 % 8


def test_starts_as_unit_vectors_and_is_saved():
    queue = FeatureQueue(16, 4)
    torch.testing.assert_close(queue.features.norm(dim=1), torch.ones(16))
    assert set(queue.state_dict()) == {'features', 'pointer'}
    with pytest.raises(ValueError, match='wrap_at must be from 1 to 16'):
        FeatureQueue(16, 4, wrap_at=17)


def test_a_key_that_is_not_finite_is_not_stored():
    queue = FeatureQueue(4, 2)
    before = queue.features.clone()
    queue.enqueue(torch.tensor([[1., 2.], [float('nan'), 1.], [float('inf'), 0.]]))
    assert queue.features[0].tolist() == [1, 2] and queue.pointer == 3
    torch.testing.assert_close(queue.features[1:], before[1:], rtol=0, atol=0)
