import math

import pytest
import torch
import torch.nn.functional as F

from hico_mm.models.losses import contrast_accuracy, info_nce


def by_hand(query, positives, negatives, temperature):
    """The formula of the paper, a query at a time, in plain Python."""
    losses = []
    for q, ps in zip(query.tolist(), positives.tolist()):
        def score(x, q=q):
            return math.exp(sum(a * b for a, b in zip(q, x)) / temperature)
        top = sum(map(score, ps))
        losses.append(-math.log(top / (top + sum(map(score, negatives.tolist())))))
    return sum(losses) / len(losses)


@pytest.mark.parametrize('num_positives', [1, 4])
@pytest.mark.parametrize('temperature', [0.07, 0.2, 1.0])
def test_equals_the_formula(num_positives, temperature):
    query = F.normalize(torch.randn(5, 6), dim=-1)
    positives = F.normalize(torch.randn(5, num_positives, 6), dim=-1)
    negatives = F.normalize(torch.randn(20, 6), dim=-1)
    expected = by_hand(query, positives, negatives, temperature)
    assert info_nce(query, positives, negatives, temperature).item() == pytest.approx(expected, rel=1e-5)
    if num_positives == 1:
        assert info_nce(query, positives[:, 0], negatives, temperature).item() == pytest.approx(expected, rel=1e-5)


def test_is_cross_entropy_for_one_positive():
    query, key, negatives = (F.normalize(torch.randn(n, 8), dim=-1) for n in (4, 4, 50))
    logits = torch.cat([(query * key).sum(1, keepdim=True), query @ negatives.t()], 1) / 0.2
    torch.testing.assert_close(info_nce(query, key, negatives, 0.2), F.cross_entropy(logits, torch.zeros(4).long()))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_inputs_and_tiny_temperatures_stay_finite(dtype):
    query, key, negatives = (F.normalize(torch.randn(n, 8), dim=-1) for n in (4, 4, 50))
    half = [x.to(dtype) for x in (query, key, negatives)]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = info_nce(*half, 0.001)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)
    torch.testing.assert_close(loss, info_nce(*(x.float() for x in half), 0.001))


def test_accuracy_counts_queries_whose_positive_is_nearest():
    query = torch.eye(3)
    negatives = torch.tensor([[0., 0., 0.9]])
    key = torch.tensor([[1., 0, 0], [0, 0.5, 0], [0, 0, 0.8]])
    assert contrast_accuracy(query, key, negatives).item() == pytest.approx(2 / 3)


def test_gradients_in_double_precision():
    """As the finite differences of the formula; in float32 they could not be told."""
    query, positives = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 2, 4, dtype=torch.float64)
    negatives = torch.randn(5, 4, dtype=torch.float64)
    inputs = tuple(x.requires_grad_() for x in (query, positives, negatives))
    assert torch.autograd.gradcheck(lambda *x: info_nce(*x, temperature=0.3), inputs)
    assert info_nce(*inputs).dtype == torch.float64 and info_nce(*(x.bfloat16() for x in inputs)).dtype == torch.float32


@pytest.mark.parametrize('queries, negatives', [(0, 3), (3, 0)])
def test_nothing_to_contrast_is_said(queries, negatives):
    with pytest.raises(ValueError, match=f'got {queries} queries and {negatives} negatives'):
        info_nce(torch.randn(queries, 4), torch.randn(queries, 4), torch.randn(negatives, 4))
