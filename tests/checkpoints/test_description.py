"""Checkpoints that say what they are: what is written, what is read, and what is refused."""

import copy
import json

import numpy as np
import pytest
import torch

from hico_mm.apis import describe_checkpoint, extract, init_model
from hico_mm.checkpoints import META_KEY, describe, describe_model, load_checkpoint
from hico_mm.cli import info
from hico_mm.version import __version__
from tests.conftest import ROOT
from tests.helpers import small_model

BEFORE = ROOT / 'tests' / 'data' / 'checkpoint_before_descriptions.pth'


def test_what_pretraining_writes(make_runner):
    runner = make_runner('pretrain', epochs=2, seed=7, model=small_model(**{'data_preprocessor.stream': 'bone'}))
    runner.train()
    first, last = (describe_checkpoint(f'{runner.work_dir}/epoch_{epoch}.pth') for epoch in (1, 2))
    assert last.model == runner.model.config and last.model['backbone']['norm'] is True
    assert (last.task, last.seed, last.epoch, last.max_epochs, last.iteration) == ('pretraining', 7, 2, 2, 4)
    assert last.load_pipeline == [
        dict(type='NormalizeSkeleton', layout='ntu', center='frame', align=True, lost_joints='absent')]
    assert last.training_data == runner.train_dataloader.dataset.summary and last.training_data['clips'] == 12
    assert last.input_format['stream'] == 'bone' and len(last.input_format['layout']['parents']) == 25
    assert (last.input_format['num_persons'], last.input_format['clip_len']) == (2, 8)
    assert last.versions['hico_mm'] == __version__
    assert torch.__version__.startswith(last.versions['torch'].split('+')[0])
    # A checkpoint is written before its epoch is scored. MMEngine writes it again if it is the best one, and the last
    # one gets its scores at the end.
    assert first.scores['epoch'] == 1 and last.scores['epoch'] == 2
    assert last.scores['acc/top1'] == pytest.approx(runner.message_hub.get_scalar('val/acc/top1').current())
    meta = load_checkpoint(f'{runner.work_dir}/epoch_2.pth')['meta'][META_KEY]
    assert isinstance(meta, str) and json.loads(meta)['format'] == 2


def test_what_starts_from_a_checkpoint_says_so(make_runner, linear_model):
    pretrain = make_runner('pretrain')
    pretrain.train()
    runner = make_runner('linear', epochs=2, model=linear_model, load_from=f'{pretrain.work_dir}/epoch_1.pth',
                         loop='FeatureTrainLoop')
    runner.train()
    description = describe_checkpoint(f'{runner.work_dir}/epoch_2.pth')
    assert description.task == 'linear evaluation' and description.model['cls_head']['num_classes'] == 4
    origin = description.encoder
    assert (origin['file'], origin['task'], origin['epoch']) == ('epoch_1.pth', 'pretraining', 1)
    assert origin['training_data']['hash'] == description.training_data['hash'] and 'model' not in origin
    assert 0 <= description.scores['acc/knn'] <= 1


def test_the_completed_config_is_dumped_beside_the_run(make_runner):
    from mmengine.config import Config
    runner = make_runner('pretrain')
    runner.train()
    dumped, = (path for path in map(str, (ROOT / runner.work_dir).glob('*.py')))
    assert Config.fromfile(dumped).model.to_dict() == describe_checkpoint(f'{runner.work_dir}/epoch_1.pth').model


def test_a_table_for_people(make_runner, command, capsys):
    runner = make_runner('pretrain')
    runner.train()
    capsys.readouterr()
    path = f'{runner.work_dir}/epoch_1.pth'
    status, printed, _ = command(info.main, path)
    rows = dict(line.split('  ', 1) for line in printed.splitlines()[1:])
    rows = {key: value.strip() for key, value in rows.items()}
    assert status == 0 and printed.splitlines()[0] == path
    assert rows['task'] == 'pretraining' and rows['skeleton'] == 'ntu, 25 joints, 2 person(s), 3 coordinates'
    assert rows['stream'] == 'joint, 8 frames' and 'channels=16' in rows['backbone']
    assert rows['trained on'].startswith('annotation.pkl, split train: 12 clips of 4 classes, hash ')
    assert rows['trained for'] == '1 of 1 epochs, 2 steps' and rows['seed'] == '0'
    status, _, said = command(info.main, 'gone.pth')
    assert status == 1 and said == 'error: checkpoint gone.pth does not exist: check the path\n'


def test_a_checkpoint_of_an_earlier_version_still_loads():
    """Written by version 0.1.0 before checkpoints described themselves: sizes left out, arguments by former names."""
    description = describe_checkpoint(BEFORE)
    model = description.model
    assert (model['neck']['channels'], model['head']['dim'], model['head']['wrap_at']) == (16, 8, 4)
    assert model['data_preprocessor']['train_views'][0][1]['transforms'][0]['ratio'] == 0.4
    assert description.load_pipeline == [dict(type='NormalizeSkeleton', layout='ntu', center='frame', align=True,
                                              lost_joints='released')]
    assert description.input_format['stream'] == 'bone'
    clip = np.random.default_rng(0).normal(size=(2, 12, 25, 3)).astype(np.float32)
    # As that version extracted it.
    np.testing.assert_allclose(extract(init_model(None, BEFORE), [clip])[0, :5],
                               [0.35544434, 0.21341965, 0.28232569, -0.24729984, 0.3733157], atol=1e-6)


def test_an_earlier_checkpoint_is_evaluated(make_runner, linear_model):
    linear_model['data_preprocessor'] = dict(stream='bone')
    runner = make_runner('linear', model=dict(linear_model, backbone=None, neck=None, pretrained=str(BEFORE)),
                         loop='FeatureTrainLoop', **{
        f'{part}_dataloader.dataset.load_pipeline': [dict(type='NormalizeSkeleton', lost_joints='released')]
        for part in ('train', 'val', 'test')})
    runner.train()
    assert describe_checkpoint(f'{runner.work_dir}/epoch_1.pth').encoder['task'] == 'pretraining'


def damaged(**changes):
    content = json.loads(describe_model(small_model()).to_json())
    for place, value in changes.items():
        part = content
        *path, last = place.split('__')
        for key in path:
            part = part[int(key)] if isinstance(part, list) else part[key]
        part[last] = value
    return json.dumps(content)


@pytest.mark.parametrize('meta', [
    None, True, 7, 'no JSON', '{', '[]', '{}', 'null', '{"model": null}', '{"model": [1]}', '{"model": {"type": 3}}',
    '{"model": {"type": ["HiCo"]}}', '{"format": 2, "model": {"type": "HiCo", "backbone": 1}}', '[' * 100_000,
    json.dumps(dict(format=2, model=dict(type='HiCo', data_preprocessor=dict(type='SkeletonDataPreprocessor',
                                                                              layout='nowhere')))),
    damaged(load_pipeline=3), damaged(model__data_preprocessor__test_views=5),
])
def test_a_damaged_description_is_one_error(meta):
    with pytest.raises(ValueError, match='ckpt.pth'):
        describe(dict(meta={META_KEY: meta}), 'ckpt.pth')


@pytest.mark.parametrize('place', [
    'model__type', 'model__backbone__type', 'model__neck__encoder__type', 'load_pipeline__0__type',
    'model__data_preprocessor__test_views__0__0__type', 'model__backbone__init_cfg__type'])
def test_a_name_that_is_not_registered_is_never_imported(tmp_path, monkeypatch, place):
    (tmp_path / 'evilmodule.py').write_text('import pathlib; pathlib.Path("ran").touch()')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    description = describe_model(small_model(**{'backbone.init_cfg': dict(type='Xavier')}),
                                 [dict(type='NormalizeSkeleton')])
    content = json.loads(description.to_json())
    part = content
    *path, last = place.split('__')
    for key in path:
        part = part[int(key)] if isinstance(part, list) else part[key]
    part[last] = 'evilmodule'
    with pytest.raises(ValueError, match="asks for .*='evilmodule', which is not a registered component"):
        describe(dict(meta={META_KEY: json.dumps(content)}), 'ckpt.pth')
    assert not (tmp_path / 'ran').exists()


def test_describing_leaves_the_config_alone():
    model = small_model()
    before = copy.deepcopy(model)
    describe_model(model, [dict(type='NormalizeSkeleton')])
    assert model == before
