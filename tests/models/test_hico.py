import pytest
import torch
from mmaction.registry import MODELS
from torch import nn

from hico_mm.errors import UserError
from hico_mm.models.selfsup import KeyEncoder
from hico_mm.structures import LEVELS
from tests.helpers import small_model


def build(**changes):
    return MODELS.build(small_model(**changes))


def test_a_step_by_hand():
    model = build(momentum=0.25)
    inputs = torch.randn(3, 2, 2, 8, 25, 3)
    model.loss(inputs)  # the first step copies the query
    with torch.no_grad():
        for parameter in model.query_encoder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    before = [p.clone() for p in model.key_encoder.module.parameters()]
    queues = {level: queue.features.clone() for level, queue in model.head.queues.items()}
    losses = model.loss(inputs)
    for key, old, query in zip(model.key_encoder.module.parameters(), before, model.query_encoder.parameters()):
        torch.testing.assert_close(key, 0.75 * old + 0.25 * query)  # moved before the key pass
    keys = model.key_encoder(inputs[:, 1])
    for level, queue in model.head.queues.items():  # the loss saw the queue without these keys, which are in it now
        rows = 12 if level in ('clip', 'part') else 3
        torch.testing.assert_close(queue.features[rows:2 * rows], keys[level].reshape(rows, -1))
        queue.features.copy_(queues[level])
    again = model.head.loss(model.query_encoder(inputs[:, 0]), keys)
    for name in losses:
        torch.testing.assert_close(losses[name], again[name])


def test_gradients_reach_all_of_the_query_and_none_of_the_key():
    model = build()
    losses = model.loss(torch.randn(3, 2, 2, 8, 25, 3), None)
    assert [name for name in losses if 'loss' in name] == [
        'loss_clip', 'loss_part', 'loss_temporal', 'loss_spatial', 'loss_instance']
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.query_encoder.parameters())
    assert not any(p.requires_grad for p in model.key_encoder.parameters())


def test_every_weight_is_registered_once():
    model = build()
    names = list(model.state_dict())
    ours = {name for name in names if name.startswith(('backbone.', 'neck.', 'projector.'))}
    twin = {name[len('key_encoder.module.'):] for name in names if name.startswith('key_encoder.module.')}
    assert ours == twin
    rest = {name.split('.')[0] for name in set(names) - ours} - {'key_encoder'}
    assert rest == {'head'}


@pytest.mark.parametrize('levels', [('instance', ), ('temporal', 'spatial', 'instance'), ('clip', 'part')])
def test_levels_switched_off_leave_no_parameter_without_gradient(levels):
    model = build(**{'projector.levels': levels})
    assert model.head.levels == levels
    model.parse_losses(model.loss(torch.randn(3, 2, 2, 8, 25, 3)))[0].backward()
    assert all(p.grad is not None for p in model.query_encoder.parameters())
    with pytest.raises(ValueError, match='head.levels is .*, but projector.levels says'):
        build(**{'projector.levels': levels, 'head.levels': LEVELS})


def test_a_branch_that_feeds_no_level_is_refused():
    with pytest.raises(ValueError, match=r"branch spatial is not used by the levels \['clip'\]: leave it out"):
        build(**{'projector.levels': ('clip', ), 'head.levels': ('clip', )})


def test_wrong_number_of_views():
    with pytest.raises(ValueError, match='give the data preprocessor two train_views'):
        build().loss(torch.randn(3, 1, 2, 8, 25, 3))


def test_features_have_first_axis_batch_times_views():
    features, rest = build().eval().extract_feat(torch.randn(3, 2, 2, 8, 25, 3))
    assert rest == {} and features.clip.shape == features.part.shape == (6, 4, 16)
    assert features.instance.shape == (6, 128) and features.temporal.shape == features.spatial.shape == (6, 64)


def test_bf16_autocast_trains_and_its_losses_are_float32():
    model = build()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(torch.randn(3, 2, 2, 8, 25, 3))
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.dtype == torch.float32 and torch.isfinite(total)
    assert model.head.queues['clip'].features.dtype == torch.float32


def test_key_encoder_keeps_its_own_batch_norm_statistics():
    query = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    key = KeyEncoder(query, momentum=0.001)
    nn.init.normal_(query[0].weight)
    key.update_parameters(query)
    torch.testing.assert_close(key.module[0].weight, query[0].weight)  # the first step copies
    query(torch.randn(8, 4))
    key(torch.randn(8, 4) + 5)
    own = key.module[1].running_mean.clone()
    with torch.no_grad():
        query[0].weight.add_(1)
    expected = 0.999 * key.module[0].weight + 0.001 * query[0].weight
    key.update_parameters(query)
    torch.testing.assert_close(key.module[0].weight, expected)
    assert (key.module[1].running_mean == own).all() and (own != query[1].running_mean).all()


@pytest.mark.parametrize(('change', 'said'), [
    (dict(momentum=2), 'momentum must be a finite number above 0 and below 1, got 2'),
    (dict(momentum=float('nan')), 'momentum must be a finite number above 0 and below 1, got nan'),
    ({'neck.num_granularities': 0}, 'neck.num_granularities must be an integer of at least 1, got 0'),
    ({'neck.num_granularities': 1.5}, 'neck.num_granularities must be an integer of at least 1, got 1.5')])
def test_values_that_cannot_be_get_one_sentence(change, said):
    with pytest.raises(UserError, match=said):
        MODELS.build(small_model(**change))
