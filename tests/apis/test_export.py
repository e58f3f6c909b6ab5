"""Exported models give the same results without the package."""

import json

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from hico_mm.apis import extract, init_model
from hico_mm.apis.export import FACTS, export, export_onnx, export_program
from hico_mm.apis.exported_model import ExportedModel, crop_and_resize
from hico_mm.cli.export import main
from hico_mm.datasets.transforms import CenterCropResize, RaggedClips
from hico_mm.errors import UserError
from tests.helpers import small_model


def model_of(encoder, stream='joint', head=None, box=False, granularities=4):
    """A small untrained model whose views are 8 frames long."""
    config = small_model(**{f'{part}.num_granularities': granularities for part in ('neck', 'projector', 'head')})
    config.neck.encoder = dict(type=f'{encoder}Encoder')
    config.data_preprocessor.stream = stream
    if box:
        config.data_preprocessor.test_views = [[*config.data_preprocessor.test_views[0], dict(type='FitToBox')]]
    if head:
        config = dict(type='SkeletonRecognizer', backbone=config.backbone, neck=config.neck, cls_head=head,
                      data_preprocessor=config.data_preprocessor)
    torch.manual_seed(0)
    model = MODELS.build(config).eval()
    model.cfg = dict(load_pipeline=[])
    return model


def run(path, clips):
    """The output of an ONNX file."""
    onnxruntime = pytest.importorskip('onnxruntime')
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return session.run(None, dict(clips=clips))[0]


@pytest.mark.parametrize('length', [1, 7, 8, 41, 100])
def test_crop_and_resize_is_that_of_the_preprocessor(length):
    clips, crop = torch.randn(3, 2, length, 25, 3), CenterCropResize(clip_len=8)
    expected = crop.apply(RaggedClips.from_clips(list(clips)), {})
    torch.testing.assert_close(crop_and_resize(clips, crop), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize('encoder, stream, box', [
    ('GRU', 'joint', False), ('LSTM', 'bone', False), ('Transformer', 'motion', False), ('LSTM', 'joint', True),
    ('GRU', 'joint+motion', False)])
def test_onnx_gives_the_same_features(encoder, stream, box, tmp_path):
    pytest.importorskip('onnx')
    model = model_of(encoder, stream, box=box)
    assert export_onnx(model, tmp_path / 'model.onnx') == 'feature'
    for n, frames in ((1, 5), (3, 30), (2, 77)):  # other sizes than the recorded example
        clips = np.random.default_rng(0).standard_normal((n, 2, frames, 25, 3)).astype(np.float32)
        np.testing.assert_allclose(run(tmp_path / 'model.onnx', clips), extract(model, list(clips)), atol=1e-4)


def test_onnx_gives_the_probabilities_of_a_classifier(tmp_path):
    onnx = pytest.importorskip('onnx')
    head = dict(type='HierarchicalClsHead', num_classes=4, in_channels=32, standardize=True)
    model = model_of('GRU', head=head, granularities=1)
    model.cls_head.fit_features(torch.randn(50, 32))
    assert export_onnx(model, tmp_path / 'model.onnx') == 'scores'
    clips = torch.randn(3, 2, 20, 25, 3)
    with torch.no_grad():
        views = model.data_preprocessor(dict(inputs=list(clips)), False)['inputs']
        expected = model.cls_head(model.extract_feat(views)[0]).softmax(1)
    np.testing.assert_allclose(run(tmp_path / 'model.onnx', clips.numpy()), expected, atol=1e-4)
    assert export_onnx(model, tmp_path / 'encoder.onnx', encoder_only=True) == 'feature'
    known = {prop.key: prop.value for prop in onnx.load(tmp_path / 'model.onnx').metadata_props}
    assert known == dict(load_pipeline='[]', layout='ntu', stream='joint')


@pytest.mark.parametrize('average', ['score', 'prob'])
def test_several_views_are_averaged_as_in_testing(average):
    head = dict(type='HierarchicalClsHead', num_classes=4, in_channels=32, init_std=3.0, average_clips=average)
    model = model_of('GRU', head=head, granularities=1)
    model.data_preprocessor.test_views = [[CenterCropResize(clip_len=8, ratio=ratio)] for ratio in (0.5, 1.0)]
    clips = torch.randn(5, 2, 20, 25, 3)
    with torch.no_grad():
        views = model.data_preprocessor(dict(inputs=list(clips)), False)['inputs']
        tested = model(views, [ActionDataSample() for _ in clips], mode='predict')
        found = ExportedModel(model).eval()(clips)
    scores = torch.stack([sample.pred_score for sample in tested])
    assert views.shape[1] == 2
    torch.testing.assert_close(found, scores if average == 'prob' else scores.softmax(1))


# torch.export of such programs is younger than the oldest PyTorch that is supported.
needs_programs = pytest.mark.skipif(not hasattr(torch.export, 'Dim'), reason='this PyTorch cannot export programs')


@needs_programs
@pytest.mark.parametrize('encoder, stream', [
    ('GRU', 'bone'), pytest.param('LSTM', 'joint', marks=pytest.mark.slow),
    pytest.param('Transformer', 'motion', marks=pytest.mark.slow)])
def test_a_program_of_torch_export_gives_the_same_features(encoder, stream, tmp_path):
    model = model_of(encoder, stream, granularities=2)  # a recurrence is exported step by step
    assert export_program(model, tmp_path / 'model.pt2') == 'feature'
    extra = {FACTS: ''}
    program = torch.export.load(tmp_path / 'model.pt2', extra_files=extra).module()
    for n, frames in ((1, 5), (3, 77)):  # other sizes than the recorded example
        clips = np.random.default_rng(0).standard_normal((n, 2, frames, 25, 3)).astype(np.float32)
        with torch.no_grad():
            found = program(torch.from_numpy(clips)).numpy()
        np.testing.assert_allclose(found, extract(model, list(clips)), atol=1e-4)
    assert json.loads(extra[FACTS]) == dict(load_pipeline='[]', layout='ntu', stream=stream)


@needs_programs
def test_a_program_gives_the_probabilities_of_a_classifier(tmp_path):
    head = dict(type='HierarchicalClsHead', num_classes=4, in_channels=32, standardize=True)
    model = model_of('GRU', head=head, granularities=1)
    model.cls_head.fit_features(torch.randn(50, 32))
    assert export_program(model, tmp_path / 'model.pt2') == 'scores'
    clips = torch.randn(3, 2, 20, 25, 3)
    with torch.no_grad():
        views = model.data_preprocessor(dict(inputs=list(clips)), False)['inputs']
        expected = model.cls_head(model.extract_feat(views)[0]).softmax(1)
        found = torch.export.load(tmp_path / 'model.pt2').module()(clips)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@needs_programs
def test_a_model_that_torch_cannot_export_is_refused_and_nothing_is_written(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError('no dynamic shapes\nand more')

    monkeypatch.setattr(torch.export, 'export', refuse)
    with pytest.raises(UserError, match=r'cannot export this model \(RuntimeError: no dynamic shapes\): use a newer'):
        export_program(model_of('GRU'), tmp_path / 'model.pt2')
    assert not list(tmp_path.iterdir())


def test_command_exports_a_trained_checkpoint(make_runner, tmp_path, capsys):
    pytest.importorskip('onnx')
    safetensors = pytest.importorskip('safetensors')
    runner = make_runner('trained')
    runner.train()
    checkpoint = f'{runner.work_dir}/epoch_1.pth'
    assert main([checkpoint, '--out', str(tmp_path / 'model.onnx')]) == 0
    assert 'from normalised clips (n, M, T, V, C) to feature' in capsys.readouterr().out
    assert main([checkpoint, '--out', str(tmp_path / 'encoder.safetensors')]) == 0
    model = init_model(None, checkpoint)
    with safetensors.safe_open(tmp_path / 'encoder.safetensors', 'pt') as file:
        assert set(file.keys()) == {name for name in model.state_dict() if name.split('.')[0] in ('backbone', 'neck')}
        for name in file.keys():
            assert file.get_tensor(name).equal(model.state_dict()[name])
        assert json.loads(file.metadata()['description'])['model']['type'] == 'HiCo'


def test_what_cannot_be_exported_gets_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r'c.pkl must end with .onnx, .pt2, .safetensors or .pth'):
        export('a.pth', tmp_path / 'c.pkl')
    config = small_model()
    config.data_preprocessor.test_views = [[dict(type='TemporalCropResize', clip_len=8)]]
    with pytest.raises(UserError, match='is random, so it cannot be exported'):
        ExportedModel(MODELS.build(config))
