import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from hico_mm.models.backbones import HiCoBackbone

CONFIG = dict(
    type='SkeletonRecognizer',
    backbone=dict(type='HiCoBackbone', clip_len=8, channels=8),
    neck=dict(type='UDMNeck', channels=8, encoder=dict(type='TransformerEncoder')),
    cls_head=dict(type='HierarchicalClsHead', num_classes=3, in_channels=64))


def test_honours_its_neck():
    model = MODELS.build(CONFIG).eval()
    inputs = torch.randn(2, 1, 2, 8, 25, 3)
    features, _ = model.extract_feat(inputs)
    torch.testing.assert_close(features.clip, model.neck(model.backbone(inputs[:, 0])).clip)
    assert model.extract_feat(inputs, stage='backbone')[0][0].shape == (2, 8, 8)
    torch.testing.assert_close(model.extract_feat(inputs, stage='head')[0], model.cls_head(features))


def test_frozen_parts_have_no_gradient_and_stay_in_eval_mode():
    model = MODELS.build(dict(CONFIG, frozen=('backbone', 'neck'))).train()
    assert not model.neck.training and not model.backbone.training and model.cls_head.training
    samples = [ActionDataSample().set_gt_label(i) for i in (0, 2)]
    model.loss(torch.randn(2, 1, 2, 8, 25, 3), samples)['loss_cls'].backward()
    assert {name for name, p in model.named_parameters() if p.grad is not None} == {
        'cls_head.fc.weight', 'cls_head.fc.bias'}
    with pytest.raises(ValueError, match='cannot freeze "encoder"'):
        MODELS.build(dict(CONFIG, frozen=('encoder', )))


def test_scores_of_a_clips_views_are_averaged():
    model = MODELS.build(CONFIG).eval()
    inputs = torch.randn(2, 3, 2, 8, 25, 3)
    predicted = model(inputs, [ActionDataSample(), ActionDataSample()], mode='predict')
    scores = model.cls_head(model.extract_feat(inputs)[0]).view(2, 3, 3).mean(1)
    torch.testing.assert_close(torch.stack([sample.pred_score for sample in predicted]), scores)


def test_parts_are_told_what_their_configs_leave_out():
    crop = dict(type='CenterCropResize', clip_len=16)
    model = MODELS.build(dict(
        type='SkeletonRecognizer',
        data_preprocessor=dict(type='SkeletonDataPreprocessor', layout='coco', num_persons=1, in_channels=2,
                               test_views=[[crop]]),
        backbone=dict(type='HiCoBackbone', channels=8, branches=('temporal', )),
        neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder'), num_granularities=3),
        cls_head=dict(type='HierarchicalClsHead', num_classes=3, level='temporal')))
    assert model.backbone.clip_shape == (1, 16, 17, 2)
    assert model.cls_head(model.extract_feat(torch.randn(2, 1, 1, 16, 17, 2))[0]).shape == (2, 3)
    assert model.cls_head.in_channels == 3 * 8
    told = MODELS.build(dict(CONFIG, cls_head=dict(type='HierarchicalClsHead', num_classes=3)))
    assert told.cls_head.in_channels == 64


def test_parts_of_others_are_told_only_what_they_take():
    model = MODELS.build(dict(
        type='SkeletonRecognizer', backbone=dict(type='RawCoordinates'), cls_head=dict(type='KNNHead', num_classes=3)))
    assert not model.with_neck and model.cls_head.in_channels == 2 * 64 * 25 * 3


def test_a_subclass_that_hands_its_arguments_on_is_told_what_its_base_takes():
    @MODELS.register_module(force=True)
    class MyBackbone(HiCoBackbone):

        def __init__(self, scale=1.0, **kwargs):
            super().__init__(**kwargs)
            self.scale = scale

    model = MODELS.build(dict(
        CONFIG, backbone=dict(type='MyBackbone', channels=8),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', layout='nw_ucla', num_persons=1)))
    assert model.backbone.clip_shape == (1, 64, 20, 3) and model.backbone.scale == 1.0
