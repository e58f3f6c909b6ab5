"""Decorrelation in place of contrast."""

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

from hico_mm.errors import UserError
from hico_mm.models import HierarchicalDecorrelationHead, HierarchicalExpander, vicreg
from hico_mm.structures import LEVELS, HierarchicalFeatures
from tests.helpers import small_model


@pytest.fixture
def config():
    """Config of a small HiCo model without a key encoder."""
    model = small_model()
    model.momentum, model.head = 1, dict(type='HierarchicalDecorrelationHead')
    model.projector = dict(type='HierarchicalExpander', hidden_channels=16, out_channels=8)
    return model


def test_the_loss_is_that_of_its_equation():
    """Worked out with NumPy's own variance and covariance."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(7, 5)) * 0.5, rng.normal(size=(7, 5)) * [2, 1, 0.1, 0.1, 1]
    expected = ((first - second) ** 2).mean()
    for x in first, second:
        covariances = np.cov(x.T)
        expected += 0.7 / 2 * np.maximum(0, 1 - np.sqrt(x.var(0, ddof=1) + 1e-4)).mean()
        expected += 0.3 * (covariances[~np.eye(5, dtype=bool)] ** 2).sum() / 5
    assert float(vicreg(torch.tensor(first), torch.tensor(second), 0.7, 0.3)) == pytest.approx(expected, rel=1e-9)


def test_equal_embeddings_that_vary_independently_cost_nothing():
    signs = torch.tensor([[1., 1.], [1., -1.], [-1., 1.], [-1., -1.]]) * 2
    assert vicreg(signs, signs) == 0 and vicreg(torch.zeros(4, 2), torch.zeros(4, 2)) > 0.9  # collapsed
    with pytest.raises(UserError, match='at least 2 clips in a batch, got 1'):
        vicreg(signs[:1], signs[:1])


def test_half_precision_is_not_used_for_the_loss_and_the_expander():
    first, second = torch.randn(2, 6, 8)
    expander = HierarchicalExpander(8, 8, 8, 1, levels=('instance', ))
    features = HierarchicalFeatures(torch.randn(6, 1, 8), torch.randn(6, 1, 8))
    expected = vicreg(first, second), expander(features)['instance']
    with torch.autocast('cpu', torch.bfloat16):
        assert (vicreg(first, second), expander(features)['instance'].equal(expected[1])) == (expected[0], True)
    half = HierarchicalFeatures(*(feature.bfloat16() for feature in features))
    assert expander(half)['instance'].dtype == vicreg(first.bfloat16(), second.bfloat16()).dtype == torch.float32


def test_the_domain_level_is_crosswise_and_granularities_are_averaged():
    head = HierarchicalDecorrelationHead(loss_weights=dict(part=0.5))
    query, key = ({level: torch.randn(6, 3, 8) if level in ('clip', 'part') else torch.randn(6, 8) for level in LEVELS}
                  for _ in range(2))
    found = head.loss(query, key)
    assert found['loss_temporal'] == vicreg(query['temporal'], key['spatial'])
    assert found['loss_spatial'] == vicreg(query['spatial'], key['temporal'])
    for level, weight in (('clip', 1), ('part', 0.5)):
        losses = [vicreg(query[level][:, 0], key[level][:, granularity]) for granularity in range(3)]
        torch.testing.assert_close(found[f'loss_{level}'], weight * sum(losses) / 3)
    assert head.loss(query, {**query, 'temporal': query['spatial'], 'spatial': query['temporal']})['acc_temporal'] == 1
    with pytest.raises(UserError, match="'temporal' and 'spatial' need each other's keys"):
        HierarchicalDecorrelationHead(levels=('temporal', ))


def test_both_views_get_gradients_through_one_encoder(config):
    model = MODELS.build(config)
    assert not any('key_encoder' in name for name in model.state_dict())
    views = torch.randn(4, 2, *model.backbone.clip_shape, requires_grad=True)
    losses = model.loss(views)
    assert {f'{kind}_{level}' for kind in ('loss', 'acc') for level in LEVELS} == losses.keys()
    sum(losses[f'loss_{level}'] for level in LEVELS).backward()
    assert (views.grad.abs().sum((0, 2, 3, 4, 5)) > 0).all()
    assert all(weight.grad is not None for weight in model.query_encoder.parameters())


def test_parts_that_do_not_fit_are_refused(config):
    with pytest.raises(UserError, match=r'HierarchicalDecorrelationHead needs momentum = 1: .*, got 0\.01'):
        MODELS.build(dict(config, momentum=0.01))
    with pytest.raises(UserError, match=r'HierarchicalContrastHead needs momentum below 1: .*, got 1'):
        MODELS.build(small_model(momentum=1))
    config.projector = small_model().projector
    with pytest.raises(UserError, match='HierarchicalProjector does not fit HierarchicalDecorrelationHead: contrast'):
        MODELS.build(config)


def test_it_trains_and_its_checkpoint_is_evaluated(config, make_runner, linear_model):
    runner = make_runner('pretrain', model=config)
    runner.train()
    linear = make_runner('linear', model=dict(linear_model, pretrained=f'{runner.work_dir}/epoch_1.pth'),
                         loop='FeatureTrainLoop')
    linear.train()
    for name, weight in runner.model.backbone.state_dict().items():
        assert torch.equal(linear.model.backbone.state_dict()[name], weight)
