"""The released code's own figures."""

import json

import numpy as np
import pytest
import torch

from hico_mm.apis import init_model
from hico_mm.checkpoints import META_KEY, load_checkpoint
from hico_mm.cli import official_checkpoint
from hico_mm.datasets.transforms import CenterCropResize, NormalizeSkeleton, RaggedClips, derive_stream

ENCODERS = ('gru', 'lstm', 'transformer')
LOSSES = ('clip', 'part', 'temporal', 'spatial', 'instance')


@pytest.fixture(params=ENCODERS)
def released(request, golden, tmp_path):
    """Figures, and the converted model with the released queues and without dropout, as they were taken."""
    figures = dict(np.load(golden / f'official_{request.param}.npz'))
    target = tmp_path / 'converted.pth'
    assert official_checkpoint.main([str(golden / f'official_{request.param}.pth.tar'), str(target)]) == 0
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


def test_six_steps_of_sgd(released):
    figures, model = released
    model.train()
    optimizer = torch.optim.SGD(model.query_encoder.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    for inputs, expected in zip(figures['inputs'], figures['losses']):
        losses = model.loss(torch.from_numpy(inputs), None)
        np.testing.assert_allclose([losses[f'loss_{level}'].item() for level in LOSSES], expected, rtol=1e-4)
        optimizer.zero_grad()
        model.parse_losses(losses)[0].backward()
        optimizer.step()
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


def test_preprocessing(golden):
    figures = np.load(golden / 'official_preprocess.npz')
    clips = [NormalizeSkeleton('ntu')(dict(keypoint=raw[:, :frames]))['keypoint']
             for raw, frames in zip(figures['raw'], figures['num_frames'])]
    for clip, expected in zip(clips, figures['normalized']):
        np.testing.assert_allclose(clip, expected[:, :clip.shape[1]], atol=1e-4)
    cropped = CenterCropResize().apply(RaggedClips.from_clips([torch.from_numpy(clip) for clip in clips]), {})
    np.testing.assert_allclose(cropped, figures['center_crop_64'], atol=1e-4)
    for stream in ('motion', 'bone'):
        np.testing.assert_allclose(derive_stream(cropped, stream, 'ntu'), figures[f'{stream}_64'], atol=1e-4)
