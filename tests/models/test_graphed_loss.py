"""Training steps that replay a CUDA graph. The comparisons need a GPU."""

import copy
import pickle

import pytest
import torch
from mmaction.registry import MODELS

from hico_mm.models.selfsup.graphed_loss import GraphedLoss

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')


def build(encoder, cuda_graph, momentum=0.01):
    torch.manual_seed(0)
    return MODELS.build(dict(
        type='HiCo', cuda_graph=cuda_graph, momentum=momentum,
        backbone=dict(type='HiCoBackbone', channels=32),
        neck=dict(type='UDMNeck', encoder=dict(type=f'{encoder}Encoder'), num_granularities=3),
        projector=dict(type='HierarchicalProjector', hidden_channels=32, out_channels=16),
        head=dict(type='HierarchicalContrastHead', queue_length=64),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', layout='ntu')))


def train(model, steps=6, half=False, sizes=(8, )):
    """Train as MMEngine does, with one seed per step, and return the losses of each step."""
    optimizer = torch.optim.SGD(model.query_encoder.parameters(), lr=0.05, momentum=0.9)
    device = next(model.parameters()).device
    history = []
    for step in range(steps):
        torch.manual_seed(step)
        views = torch.randn(sizes[step % len(sizes)], 2, *model.backbone.clip_shape).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            losses = model.loss(views)
        total, _ = model.parse_losses(losses)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append({name: float(value) for name, value in losses.items()})
    return history


@needs_gpu
@pytest.mark.parametrize('half', [False, True])
@pytest.mark.parametrize('encoder', ['GRU', 'LSTM', 'Transformer'])
def test_graph_changes_no_number(encoder, half):
    model, graphed = (build(encoder, cuda_graph).cuda().train() for cuda_graph in (False, True))
    plain, replayed = train(model, half=half), train(graphed, half=half)
    assert graphed._graphed._recording is not None  # it was recorded
    for expected, found in zip(plain, replayed):
        losses = [name for name in expected if 'loss' in name or not half]  # rounding decides some of few queries
        assert [found[name] for name in losses] == pytest.approx([expected[name] for name in losses],
                                                                 rel=1e-2 if half else 1e-4)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(graphed.state_dict()[name], value, rtol=0, atol=2e-2 if half else 1e-4, msg=name)
    assert int(graphed.key_encoder.steps) == 6


@needs_gpu
def test_other_batch_sizes_are_computed_without_the_graph():
    plain, replayed = (train(build('GRU', cuda_graph).cuda().train(), sizes=(8, 8, 5)) for cuda_graph in (False, True))
    for expected, found in zip(plain, replayed):
        assert found == pytest.approx(expected, rel=1e-4)


@needs_gpu
def test_continues_from_a_checkpoint_as_without_graph():
    model, graphed = (build('GRU', cuda_graph).cuda().train() for cuda_graph in (False, True))
    train(model)
    train(graphed, steps=3)
    graphed.load_state_dict(copy.deepcopy(model.state_dict()))
    for expected, found in zip(train(model), train(graphed)):
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_cpu_does_not_use_it():
    assert train(build('GRU', True)) == train(build('GRU', False))


def test_a_copy_belongs_to_the_copied_model():
    model = build('GRU', True)
    for other in copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
        assert isinstance(other._graphed, GraphedLoss) and other._graphed._model is other


def test_key_encoder_knows_after_loading_whether_it_was_updated():
    model, trained = build('GRU', False), build('GRU', False)
    train(trained, steps=1)
    model.load_state_dict(trained.state_dict())
    keys = copy.deepcopy(model.key_encoder.module.state_dict())
    model.key_encoder.start(model.query_encoder)
    for name, value in keys.items():
        torch.testing.assert_close(model.key_encoder.module.state_dict()[name], value, rtol=0, atol=0)
    model.load_state_dict(build('GRU', False).state_dict())
    model.key_encoder.start(trained.query_encoder)
    for name, value in trained.query_encoder.state_dict().items():
        torch.testing.assert_close(model.key_encoder.module.state_dict()[name], value, rtol=0, atol=0)
