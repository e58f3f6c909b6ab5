"""Every registered name builds from its config alone, and is documented with shapes or keys."""

import copy
import inspect
import re

import pytest
import torch
from mmaction.registry import DATASETS, HOOKS, LOOPS, MODELS, TRANSFORMS
from mmengine.registry import FUNCTIONS

from tests.conftest import ROOT

MODEL_NAMES = ('HiCoBackbone', 'UDMNeck', 'GRUEncoder', 'LSTMEncoder', 'TransformerEncoder', 'HierarchicalProjector',
               'HierarchicalContrastHead', 'SkeletonDataPreprocessor')


def ours(registry):
    return sorted(name for name, cls in registry.module_dict.items() if cls.__module__.startswith('hico_mm.'))


def test_names():
    assert ours(MODELS) == sorted(
        [*MODEL_NAMES, 'HiCo', 'HierarchicalClsHead', 'KNNHead', 'RawCoordinates', 'SkeletonRecognizer'])
    assert ours(TRANSFORMS) == sorted(
        ['CenterCropResize', 'FitToBox', 'JointCorruption', 'NormalizePose2D', 'NormalizeSkeleton', 'OneOf',
         'PoseFlip', 'PoseShear', 'RandomRotation', 'RandomRotation2D', 'TemporalCropResize'])
    assert ours(HOOKS) == sorted(
        ['AsyncRuntimeInfoHook', 'CheckpointDescriptionHook', 'CheckpointFitHook', 'DataCheckHook', 'ExactResumeHook',
         'FiniteLossHook', 'FrozenWeightsHook', 'GalleryHook', 'InterruptHook', 'MeanLossHook', 'ProgressHook',
         'RankWatchHook', 'StepSeedHook', 'TimedCheckpointHook'])
    assert ours(LOOPS) == ['FeatureTrainLoop', 'ResumableTrainLoop'] and ours(DATASETS) == ['SkeletonDataset']
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


CROP = dict(type='TemporalCropResize')
PARTS = dict(backbone=dict(type='HiCoBackbone'), neck=dict(type='UDMNeck'),
             projector=dict(type='HierarchicalProjector'), head=dict(type='HierarchicalContrastHead'))
# For each name what it cannot do without, and another value than the default for every other argument.
OPTIONS = {
    'HiCoBackbone': ({}, dict(layout='nw_ucla', num_persons=1, clip_len=8, in_channels=2, channels=8, norm=False,
                              branches=('spatial', ))),
    'RawCoordinates': ({}, {}),
    'UDMNeck': ({}, dict(encoder=dict(type='LSTMEncoder'), channels=8, num_granularities=2, udm=dict(kernel_size=3),
                         branches=('temporal', ), tokenizer=dict(type='HiCoBackbone'))),
    'GRUEncoder': ({}, dict(channels=8, num_layers=2)),
    'LSTMEncoder': ({}, dict(channels=8, num_layers=2)),
    'TransformerEncoder': ({}, dict(channels=8, num_layers=2, num_heads=2, feedforward_channels=8, dropout=0.0)),
    'HierarchicalProjector': ({}, dict(in_channels=8, hidden_channels=8, out_channels=8, num_granularities=2,
                                       branches=('temporal', 'spatial'), levels=('instance', ))),
    'HierarchicalContrastHead': ({}, dict(dim=8, queue_length=16, num_granularities=2, temperature=0.1,
                                          levels=('instance', ), loss_weights=dict(clip=0.5), wrap_at=4)),
    'HierarchicalClsHead': (dict(num_classes=3), dict(in_channels=8, level='spatial', standardize=True, init_std=0.1,
                                                      average_clips='prob')),
    'KNNHead': (dict(num_classes=3), dict(k=2, level='temporal', chunk=7, index='Flat', in_channels=8)),
    'SkeletonDataPreprocessor': ({}, dict(layout='nw_ucla', num_persons=1, in_channels=4, with_score=True, clip_len=8,
                                          train_views=[[CROP]] * 2,
                                          test_views=[[CROP]], stream='bone', non_blocking=False)),
    'SkeletonRecognizer': (dict(backbone=PARTS['backbone']), dict(
        neck=PARTS['neck'], cls_head=dict(type='HierarchicalClsHead', num_classes=3), frozen=('backbone', ),
        pretrained=f'{ROOT}/configs/hico/hico_gru_ntu60.py', train_cfg=dict(a=1),
        test_cfg=dict(a=1), data_preprocessor=dict(type='SkeletonDataPreprocessor'))),
    'HiCo': (PARTS, dict(cls_head=dict(type='KNNHead', num_classes=3), momentum=0.01, norm_groups=2, cuda_graph=True,
                         train_cfg=dict(a=1), test_cfg=dict(a=1),
                         data_preprocessor=dict(type='SkeletonDataPreprocessor'))),
    'CenterCropResize': ({}, dict(clip_len=8, ratio=0.5)),
    'TemporalCropResize': ({}, dict(clip_len=8, ratio=(0.5, 0.9), min_frames=8)),
    'JointCorruption': ({}, dict(layout='nw_ucla', ratio=0.1, zero_prob=0.1, in_channels=2)),
    'FitToBox': ({}, dict(per_axis=False, in_channels=2)),
    'NormalizeSkeleton': ({}, dict(layout='nw_ucla', center='first_frame', align=False, lost_joints='released')),
    'NormalizePose2D': ({}, dict(img_shape=(480, 640), box='body', score_thr=0.1, with_score=True,
                                  lost_joints='released')),
    'PoseFlip': ({}, dict(layout='nw_ucla', prob=0.1)),
    'RandomRotation2D': ({}, dict(max_angle=1, max_scale=0.1, in_channels=2)),
    'OneOf': (dict(transforms=[dict(type='PoseShear'), dict(type='JointCorruption')]),
              dict(prob=[0.1, 0.9], layout='nw_ucla', in_channels=2)),
    'PoseShear': ({}, dict(magnitude=0.1, in_channels=2)),
    'RandomRotation': ({}, dict(max_angles=(1, 2, 3), max_scale=0.1, in_channels=3)),
    'AsyncRuntimeInfoHook': ({}, {}),
    'CheckpointDescriptionHook': ({}, {}),
    'CheckpointFitHook': ({}, dict(encoder=('backbone', ))),
    'DataCheckHook': ({}, {}),
    'FiniteLossHook': ({}, {}),
    'FrozenWeightsHook': ({}, dict(allow_untrained=True)),
    'GalleryHook': ({}, {}),
    'ExactResumeHook': ({}, {}),
    'InterruptHook': ({}, dict(minutes=5)),
    'MeanLossHook': ({}, {}),
    'ProgressHook': ({}, {}),
    'RankWatchHook': ({}, dict(minutes=5)),
    'StepSeedHook': ({}, {}),
    'TimedCheckpointHook': ({}, dict(seconds=5)),
}


def arguments(cls):
    """Names of the arguments of a class's own constructor, without those of every module."""
    init = vars(cls).get('__init__') or vars(cls.__mro__[1]).get('__init__')
    names = inspect.signature(init).parameters if init else ()
    return set(names) - {'self', 'args', 'kwargs', 'init_cfg'}


def registry_of(name):
    return next(registry for registry in (MODELS, TRANSFORMS, HOOKS) if name in ours(registry))


def test_every_option_is_tried_and_documented():
    assert set(OPTIONS) == {name for registry in (MODELS, TRANSFORMS, HOOKS) for name in ours(registry)}
    for name, (needed, options) in OPTIONS.items():
        cls = registry_of(name).get(name)
        assert {*needed, *options} == arguments(cls), name
        for option in (*needed, *options):
            assert re.search(rf'\b{option}\b', cls.__doc__), f'{name} says nothing of {option}'


@pytest.mark.parametrize('name', OPTIONS)
def test_builds_alone_and_with_every_option(name):
    registry, (needed, options) = registry_of(name), OPTIONS[name]
    assert type(registry.build(copy.deepcopy(dict(type=name, **needed)))) is registry.get(name)
    for option, value in options.items():
        built = registry.build(copy.deepcopy(dict(type=name, **needed, **{option: value})))
        if isinstance(getattr(built, option, None), (bool, int, float, str, tuple)):
            assert getattr(built, option) == value, option


def test_the_data_set_builds_alone_and_with_every_option(annotation_file):
    path = str(annotation_file())
    options = dict(split='val', layout='ntu', load_pipeline=[dict(type='NormalizeSkeleton')], subset=dict(fraction=0.5),
                   num_persons=1)
    assert {'ann_file', 'pipeline', *options} == arguments(DATASETS.get('SkeletonDataset'))
    plain = DATASETS.build(dict(type='SkeletonDataset', ann_file=path, pipeline=[]))
    sizes = {option: len(DATASETS.build(dict(type='SkeletonDataset', ann_file=path, pipeline=[], **{option: value})))
             for option, value in options.items()}
    assert len(plain) == 24 and sizes == dict(split=12, layout=24, load_pipeline=24, subset=12, num_persons=24)


def test_the_loop_builds_alone_and_with_every_option(make_runner, linear_model):
    options = dict(max_epochs=2, batch_size=7, topk=(1, ))
    assert {'runner', 'dataloader', *options} == arguments(LOOPS.get('FeatureTrainLoop'))
    for number, (option, value) in enumerate(options.items()):
        runner = make_runner(f'loop{number}', model=linear_model, loop='FeatureTrainLoop', train_cfg={option: value})
        assert getattr(runner.train_loop, option) == value
