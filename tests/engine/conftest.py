"""Runs of a tiny model."""

import pytest
from helpers import small_model
from mmengine.config import Config
from mmengine.runner import Runner


@pytest.fixture
def make_runner(tmp_path, annotation_file):
    """A factory: pretraining or, with ``head``, training of a classifier, for an epoch or more."""
    path = str(annotation_file())

    def make(name, epochs=1, workers=0, model=None, load_from=None, loop='EpochBasedTrainLoop', seed=0, **changes):
        def loader(split, shuffle):
            return dict(
                batch_size=5, num_workers=workers, collate_fn=dict(type='skeleton_collate'),
                sampler=dict(type='DefaultSampler', shuffle=shuffle),
                dataset=dict(type='SkeletonDataset', ann_file=path, split=split, layout='ntu',
                             once=[dict(type='NormalizeSkeleton')],
                             pipeline=[dict(type='PackActionInputs', meta_keys=('frame_dir', ))]))

        config = Config(dict(
            default_scope='mmaction', work_dir=str(tmp_path / name), experiment_name=name,
            model=model or small_model(), load_from=load_from, randomness=dict(seed=seed),
            train_dataloader=dict(loader('train', True), drop_last=True), val_dataloader=loader('val', False),
            test_dataloader=loader('val', False), train_cfg=dict(type=loop, max_epochs=epochs),
            val_cfg=dict(), test_cfg=dict(),
            val_evaluator=dict(type='AccMetric'), test_evaluator=dict(type='AccMetric'),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
            param_scheduler=[dict(type='MultiStepLR', milestones=[1])],
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', interval=1, save_best='acc/top1'),
                step_seed=dict(type='StepSeedHook'), gallery=dict(type='GalleryHook'),
                checkpoint_guard=dict(type='CheckpointGuardHook'))))
        config.merge_from_dict(changes)
        return Runner.from_cfg(config)

    return make


@pytest.fixture
def linear_model():
    """Config of a frozen encoder, that of ``small_model``, with a classifier."""
    model = small_model()
    return dict(
        type='SkeletonRecognizer', frozen=('backbone', 'neck'), backbone=model.backbone, neck=model.neck,
        cls_head=dict(type='HierarchicalClsHead', num_classes=4, in_channels=128),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', test_views=model.data_preprocessor.test_views))
