"""Every registered name builds from its config alone, and is documented with shapes or keys."""

import re

import pytest
import torch
from mmaction.registry import DATASETS, HOOKS, LOOPS, MODELS, TRANSFORMS
from mmengine.registry import FUNCTIONS

MODEL_NAMES = ('HiCoBackbone', 'UDMNeck', 'GRUEncoder', 'LSTMEncoder', 'TransformerEncoder', 'HierarchicalProjector',
               'HierarchicalContrastHead', 'SkeletonDataPreprocessor')


def ours(registry):
    return sorted(name for name, cls in registry.module_dict.items() if cls.__module__.startswith('hico_mm.'))


def test_names():
    assert ours(MODELS) == sorted(
        [*MODEL_NAMES, 'HiCo', 'HierarchicalClsHead', 'KNNHead', 'RawCoordinates', 'SkeletonRecognizer'])
    assert ours(TRANSFORMS) == sorted(
        ['CenterCropResize', 'JointCorruption', 'NormalizeSkeleton', 'OneOf', 'PoseShear', 'RandomRotation',
         'TemporalCropResize'])
    assert ours(HOOKS) == sorted(['CheckpointGuardHook', 'GalleryHook', 'InterruptHook', 'StepSeedHook'])
    assert ours(LOOPS) == ['FeatureTrainLoop'] and ours(DATASETS) == ['SkeletonDataset']
    assert FUNCTIONS.get('skeleton_collate') is not None


@pytest.mark.parametrize('registry', [MODELS, TRANSFORMS, DATASETS, LOOPS, HOOKS])
def test_documented_with_shapes_or_keys(registry):
    for name in ours(registry):
        cls = registry.get(name)
        assert cls.__dict__.get('__doc__'), name
        if registry is TRANSFORMS:
            assert 'Required Keys' in cls.__doc__ and 'Modified Keys' in cls.__doc__, name
        if registry is MODELS:
            methods = [vars(cls).get(method) for method in ('forward', 'loss', 'extract_feat')]
            docs = [cls.__doc__, *(method.__doc__ or '' for method in methods if method)]
            assert any(re.search(r'\(N, [\w, *]+\)', doc) for doc in docs), f'{name} says nothing of shapes'


def test_sizes_by_default():
    """Parameter counts of the released model, worked out from the layer sizes."""
    width, dim, frame, joint = 512, 128, 2 * 25 * 3, 64 * 3

    def linear(i, o):
        return i * o + o

    norm, half = 2 * width, width // 2
    backbone = sum(linear(size, width) + norm + linear(width, width) for size in (frame, joint))
    gru = 2 * (3 * half * width + 3 * half * half + 2 * 3 * half)
    neck = 2 * (5 * width + width + norm + gru)
    projector = sum(linear(size, width) + linear(width, dim) for size in (width, width, 2048, 2048, 4096))
    counts = {name: sum(p.numel() for p in MODELS.build(dict(type=name)).parameters())
              for name in ('HiCoBackbone', 'UDMNeck', 'HierarchicalProjector')}
    assert counts == dict(HiCoBackbone=backbone, UDMNeck=neck, HierarchicalProjector=projector)


def test_default_parts_fit_each_other():
    clips = torch.randn(2, 2, 64, 25, 3)
    backbone, neck, projector, head = (MODELS.build(dict(type=name)) for name in (
        'HiCoBackbone', 'UDMNeck', 'HierarchicalProjector', 'HierarchicalContrastHead'))
    with torch.no_grad():
        features = neck(backbone(clips))
        losses = head.loss(projector(features), projector(features))
        scores = MODELS.build(dict(type='HierarchicalClsHead', num_classes=60))(features)
    assert features.instance.shape == (2, 4096) and scores.shape == (2, 60)
    assert all(torch.isfinite(loss) for loss in losses.values())
