import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate

from hico_mm.datasets import skeleton_collate
from hico_mm.datasets.transforms import derive_stream

VIEW = [dict(type='TemporalCropResize', clip_len=16), dict(type='OneOf', transforms=[
    dict(type='JointCorruption'), dict(type='PoseShear')])]


def build(**kwargs):
    test = [[dict(type='CenterCropResize', clip_len=16)]]
    return MODELS.build(dict(type='SkeletonDataPreprocessor', train_views=[VIEW, VIEW], test_views=test, **kwargs))


def batch(joints=25):
    clips = [torch.randn(m, t, joints, 3) for m, t in ((1, 90), (2, 3), (2, 64), (1, 1))]
    return clips, skeleton_collate([dict(inputs=clip, data_samples=ActionDataSample()) for clip in clips])


def test_two_views_that_differ_and_repeat_with_the_seed():
    preprocessor, (_, data) = build(), batch()
    torch.manual_seed(3)
    first = preprocessor(data, training=True)['inputs']
    assert first.shape == (4, 2, 2, 16, 25, 3) and (first[:, 0] != first[:, 1]).flatten(1).any(1).all()
    assert not first[0, :, 1].any()  # an absent person stays absent
    torch.manual_seed(3)
    assert (preprocessor(data, training=True)['inputs'] == first).all()
    assert (preprocessor(data, training=True)['inputs'] != first).any()


def test_each_clip_is_what_its_transforms_make_of_it_alone(monkeypatch):
    preprocessor, (clips, data) = build(), batch()
    out = preprocessor(data)['inputs'][:, 0]
    for clip, made in zip(clips, out):
        alone = preprocessor.test_views[0][0](dict(keypoint=clip.numpy()))['keypoint']
        torch.testing.assert_close(made[:len(clip)], torch.from_numpy(alone), atol=1e-6, rtol=0)


@pytest.mark.parametrize('stream', ['bone', 'motion'])
def test_streams_come_after_the_augmentation(stream):
    _, data = batch()
    torch.manual_seed(0)
    joint = build()(data, training=True)['inputs']
    torch.manual_seed(0)
    assert (build(stream=stream)(data, training=True)['inputs'] == derive_stream(joint, stream, 'ntu')).all()


def test_autocast_does_not_reach_the_views():
    _, data = batch()
    torch.manual_seed(0)
    plain = build()(data, training=True)['inputs']
    torch.manual_seed(0)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert (build()(data, training=True)['inputs'] == plain).all()


def test_persons_are_filled_up_or_left_out():
    clips, data = batch()
    assert build(num_persons=3)(data)['inputs'].shape[2] == 3
    one = build(num_persons=1)(data)['inputs']
    assert (one[:, :, 0] == build()(data)['inputs'][:, :, 0]).all()


def test_two_dimensional_poses():
    preprocessor = build(layout='coco', in_channels=2, num_persons=1)
    data = preprocessor(dict(inputs=[torch.randn(1, 30, 17, 2)] * 3, data_samples=[ActionDataSample()] * 3), True)
    assert data['inputs'].shape == (3, 2, 1, 16, 17, 2)
    model = MODELS.build(dict(type='HiCoBackbone', layout='coco', in_channels=2, num_persons=1, clip_len=16))
    assert model(data['inputs'][:, 0])[0].shape == (3, 16, 512)


def test_stock_inputs_are_taken_as_they_are():
    clips = [torch.randn(2, 2, 16, 25, 3) for _ in range(3)]
    out = build()(dict(inputs=clips, data_samples=[ActionDataSample()] * 3), training=True)['inputs']
    assert (out == torch.stack(clips)).all()


def test_training_views_default_to_the_test_views():
    _, data = batch()
    preprocessor = MODELS.build(dict(type='SkeletonDataPreprocessor'))
    assert (preprocessor(data, True)['inputs'] == preprocessor(data, False)['inputs']).all()


def test_wrong_joints_streams_and_views_get_one_sentence():
    with pytest.raises(ValueError, match='the clips have 20 joints of 3 coordinates, but layout "ntu" has 25'):
        build()(batch(20)[1])
    with pytest.raises(ValueError, match='unknown stream "depth": use one of'):
        build(stream='depth')
    with pytest.raises(ValueError, match='a view must begin with TemporalCropResize or CenterCropResize'):
        MODELS.build(dict(type='SkeletonDataPreprocessor', train_views=[[dict(type='PoseShear')]]))


def test_our_transforms_in_a_stock_pipeline_feed_the_model(annotation_file):
    pipeline = [dict(type='PreNormalize3D'), dict(type='TemporalCropResize', clip_len=16), dict(type='JointCorruption'),
                dict(type='PoseShear'), dict(type='FormatGCNInput', num_person=2), dict(type='PackActionInputs')]
    source = dict(type='PoseDataset', ann_file=str(annotation_file()), split='train')
    dataset = DATASETS.build(dict(source, pipeline=pipeline))
    data = build()(pseudo_collate([dataset[i] for i in range(3)]), training=True)
    assert data['inputs'].shape == (3, 1, 2, 16, 25, 3) and torch.isfinite(data['inputs']).all()
    model = MODELS.build(dict(type='SkeletonRecognizer', backbone=dict(type='HiCoBackbone', clip_len=16, channels=8),
                              neck=dict(type='UDMNeck', channels=8),
                              cls_head=dict(type='HierarchicalClsHead', num_classes=4, in_channels=64)))
    assert torch.isfinite(model.loss(**data)['loss_cls'])
