"""The released code's own figures.

Some are in the tree: the GRU model at a small size (weights, inputs, features, losses of three steps of SGD), and a raw
sequence with what the released preprocessing makes of it. The rest are used where they are.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hico_mm.apis import init_model
from hico_mm.checkpoints import META_KEY, load_checkpoint
from hico_mm.cli import official_checkpoint
from hico_mm.datasets.transforms import CenterCropResize, NormalizeSkeleton, RaggedClips, derive_stream

ROOT = Path(__file__).parents[1]
ENCODERS = ('gru', 'lstm', 'transformer')
LOSSES = ('clip', 'part', 'temporal', 'spatial', 'instance')


@pytest.fixture
def figures_in_the_tree():
    return dict(np.load(ROOT / 'tests/data/released_figures.npz'))


@pytest.fixture(params=['in the tree', *ENCODERS])
def released(request, figures_in_the_tree, tmp_path):
    """Figures, and the converted model with the released queues and without dropout, as they were taken."""
    if request.param == 'in the tree':
        figures, source = figures_in_the_tree, tmp_path / 'released.pth.tar'
        weights = {name.partition('/')[2]: torch.from_numpy(value) for name, value in figures.items()
                   if name.startswith('state_dict/')}
        torch.save(dict(epoch=int(figures['epoch']), state_dict=weights), source)
    else:
        source = request.getfixturevalue('golden') / f'official_{request.param}.pth.tar'
        figures = np.load(source.parent / f'official_{request.param}.npz')
    target = tmp_path / 'converted.pth'
    assert official_checkpoint.main([str(source), str(target)]) == 0
    checkpoint = load_checkpoint(target)
    config = json.loads(checkpoint['meta'][META_KEY])
    config['model']['head']['wrap_at'] = config['model']['head']['queue_length']
    if request.param == 'transformer':
        config['model']['neck']['encoder']['dropout'] = 0.0
    checkpoint['meta'][META_KEY] = json.dumps(config)
    torch.save(checkpoint, target)
    return figures, init_model(None, target)


def test_features(released):
    figures, model = released
    with torch.no_grad():
        features, _ = model.extract_feat(torch.from_numpy(figures['inputs'][0])[:, :1])
    for level in ('clip', 'part', 'instance'):
        np.testing.assert_allclose(features.level(level).numpy(), figures[f'{level}_feat'], atol=1e-5)


def test_steps_of_sgd(released):
    figures, model = released
    model.train()
    optimizer = torch.optim.SGD(model.query_encoder.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    for inputs, expected in zip(figures['inputs'], figures['losses']):
        losses = model.loss(torch.from_numpy(inputs), None)
        np.testing.assert_allclose([losses[f'loss_{level}'].item() for level in LOSSES], expected, rtol=1e-4)
        optimizer.zero_grad()
        model.parse_losses(losses)[0].backward()
        optimizer.step()
    if 'final_clip_queue' not in figures:
        return
    for level in ('clip', 'instance'):
        queue = model.head.queues[level].features.t()
        np.testing.assert_allclose(queue.numpy(), figures[f'final_{level}_queue'], atol=1e-5)
    for side, encoder in (('query', model.query_encoder), ('key', model.key_encoder)):
        norm = torch.cat([p.detach().double().flatten() for p in encoder.parameters()]).norm().item()
        np.testing.assert_allclose(norm, figures[f'final_{side}_norm'], rtol=1e-6)


def test_a_true_fifo_leaves_no_initial_negative(released):
    figures, model = released
    for queue in model.head.queues.values():
        queue.wrap_at = len(queue.features)
        queue.pointer.zero_()
    initial = {level: queue.features.clone() for level, queue in model.head.queues.items()}
    batch = torch.from_numpy(figures['inputs'][0][:3])
    for _ in range(32 // 3 + 1):  # 3 does not divide the length
        model.loss(batch)
    for level, queue in model.head.queues.items():
        assert not (queue.features == initial[level]).all(1).any()


@pytest.mark.parametrize('place', ['in the tree', 'beside it'])
def test_preprocessing(place, figures_in_the_tree, request):
    figures = figures_in_the_tree if place == 'in the tree' else np.load(
        request.getfixturevalue('golden') / 'official_preprocess.npz')
    clips = [NormalizeSkeleton('ntu')(dict(keypoint=raw[:, :frames]))['keypoint']
             for raw, frames in zip(figures['raw'], figures['num_frames'])]
    for clip, expected in zip(clips, figures['normalized']):
        np.testing.assert_allclose(clip, expected[:, :clip.shape[1]], atol=1e-4)
    cropped = CenterCropResize().apply(RaggedClips.from_clips([torch.from_numpy(clip) for clip in clips]), {})
    np.testing.assert_allclose(cropped, figures['center_crop_64'], atol=1e-4)
    for stream in ('motion', 'bone'):
        np.testing.assert_allclose(derive_stream(cropped, stream, 'ntu'), figures[f'{stream}_64'], atol=1e-4)
