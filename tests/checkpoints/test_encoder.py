"""Evaluation takes the encoder from the checkpoint, for every task and encoder, and refuses what contradicts it."""

import json
import re

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from hico_mm.apis import describe_checkpoint, init_model
from hico_mm.checkpoints import META_KEY, EncoderSource, load_checkpoint, take_encoder_into
from hico_mm.cli import extract_features, fuse_streams, test, train
from hico_mm.fileio import dump_pickle
from hico_mm.wiring import load_config
from tests.conftest import ROOT
from tests.helpers import make_annotation

CONFIGS = ROOT / 'configs' / 'hico'
SHORT = ('train_cfg.max_epochs=2', )
ENCODERS = {
    'gru, narrow, bone': ('hico_gru_nwucla', (), ('model.backbone.channels=32', 'model.data_preprocessor.stream=bone')),
    'lstm, three granularities': ('hico_lstm_nwucla', (), ('model.backbone.channels=16',
                                                           'model.neck.num_granularities=3')),
    'transformer, short clips': ('hico_transformer_nwucla', (), (
        'model.backbone.channels=16', 'model.data_preprocessor.clip_len=16')),
    'one branch, motion': ('hico_gru_nwucla', ('ablations/spatial', ), (
        'model.backbone.channels=16', 'model.data_preprocessor.stream=motion')),
    'another crop and preparation': ('hico_gru_nwucla', ('ablations/parity', ), (
        'model.backbone.channels=16', 'model.data_preprocessor.test_views.0.0.ratio=0.5', 'model.head.wrap_at=8')),
}
QUEUE = ('model.head.queue_length=8', )


def data(folder, split='xview', **kwargs):
    """A small annotation in the form of NW-UCLA, and the options that name it."""
    annotation = make_annotation('nw_ucla', num_persons=1, **kwargs)
    annotation['split'] = {f'{split}_{name}': clips for name, clips in annotation['split'].items()}
    dump_pickle(annotation, folder / 'a.pkl')
    return data_options(folder / 'a.pkl')


def data_options(path):
    options = [f'{part}_dataloader.{key}' for part in ('train', 'val', 'test')
               for key in (f'dataset.ann_file={path}', 'num_workers=0', 'persistent_workers=False')]
    return (*options, 'train_dataloader.batch_size=4')


@pytest.fixture
def pretrain(tmp_path, command):
    """A factory: a name in ``ENCODERS`` -> its checkpoint after one epoch, and the options of the data."""

    def make(name, folder='pretrain'):
        config, fragments, options = ENCODERS[name]
        options = (*options, *(() if any('wrap_at' in o for o in options) else QUEUE))
        extra = ['--with', *(CONFIGS / f'{part}.py' for part in fragments)] if fragments else []
        status, printed, error = command(
            train.main, CONFIGS / f'{config}.py', *extra, '--epochs', 1, '--seed', 0, '--work-dir', tmp_path / folder,
            '--cfg-options', *data(tmp_path), *options,
            *(('model.head.queue_length=8', ) if 'model.head.wrap_at=8' in options else ()))
        assert status == 0, printed + error
        return tmp_path / folder / 'epoch_1.pth', data_options(tmp_path / 'a.pkl')

    return make


def accuracy(printed):
    return float(re.findall(r'acc/top1: ([0-9.]+)', printed)[-1])


@pytest.mark.parametrize('name', ENCODERS)
def test_nothing_is_repeated_on_the_command_line(pretrain, command, tmp_path, name):
    """Linear evaluation, its test and dump, k-NN, few labels and features of a checkpoint, by the configs as they are.

    What is evaluated is the very model of the checkpoint: features are those of ``init_model``, and the k-NN accuracy
    that of features computed apart.
    """
    checkpoint, options = pretrain(name)
    run = ('--cfg-options', *options)
    assert command(train.main, CONFIGS / 'linear/hico_nwucla_linear.py', '--pretrained', checkpoint, '--work-dir',
                   tmp_path / 'linear', *run, *SHORT)[0] == 0
    linear = tmp_path / 'linear' / 'epoch_2.pth'
    assert command(test.main, CONFIGS / 'linear/hico_nwucla_linear.py', linear, '--dump', tmp_path / 'scores.pkl',
                   '--work-dir', tmp_path / 'test', *run)[0] == 0
    assert command(train.main, CONFIGS / 'finetune/hico_nwucla_finetune.py', '--with', CONFIGS / 'semi/semi.py',
                   '--pretrained', checkpoint, '--work-dir', tmp_path / 'semi', *run, 'train_cfg.max_epochs=1',
                   'train_cfg.val_begin=1', 'train_dataloader.dataset.subset.fraction=0.5')[0] == 0
    status, printed, _ = command(test.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, '--work-dir',
                                 tmp_path / 'knn', *run)
    assert status == 0
    features = {}
    for split in ('xview_train', 'xview_val'):
        out = tmp_path / f'{split}.npz'
        assert command(extract_features.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, '--split', split, '--out',
                       out, *run)[0] == 0
        features[split] = np.load(out)
    train_unit, test_unit = (f['feature'] / np.linalg.norm(f['feature'], axis=1, keepdims=True)
                             for f in features.values())
    nearest = features['xview_train']['label'][(test_unit @ train_unit.T).argmax(1)]
    assert accuracy(printed) == pytest.approx((nearest == features['xview_val']['label']).mean(), abs=1e-4)
    pretrained, classifier = (load_checkpoint(path) for path in (checkpoint, linear))
    before, after = (json.loads(c['meta'][META_KEY]) for c in (pretrained, classifier))
    for slot in ('backbone', 'neck'):
        assert before['model'][slot] == after['model'][slot]
    assert before['load_pipeline'] == after['load_pipeline'] and before['input_format'] == after['input_format']
    for key, weight in classifier['state_dict'].items():
        assert key.startswith('cls_head') or torch.equal(weight, pretrained['state_dict'][key])
    status, printed, _ = command(fuse_streams.main, '--preds', tmp_path / 'scores.pkl', tmp_path / 'scores.pkl')
    assert status == 0 and 'fusion' in printed


def test_the_figure_equals_the_one_with_everything_spelled_out(pretrain, command, tmp_path):
    checkpoint, options = pretrain('gru, narrow, bone')
    config = load_config(str(CONFIGS / 'linear/hico_nwucla_linear.py'))
    config.model.update(
        backbone=dict(type='HiCoBackbone', channels=32), neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder')),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', layout='nw_ucla', num_persons=1, stream='bone'))
    config.dump(tmp_path / 'spelled_out.py')
    shown = []
    for path in (CONFIGS / 'linear/hico_nwucla_linear.py', tmp_path / 'spelled_out.py'):
        status, printed, error = command(train.main, path, '--pretrained', checkpoint, '--seed', 0, '--work-dir',
                                         tmp_path / path.stem, '--cfg-options', *options, *SHORT)
        assert status == 0, error
        shown.append(load_checkpoint(tmp_path / path.stem / 'epoch_2.pth')['state_dict'])
    assert shown[0].keys() == shown[1].keys()
    assert all(torch.equal(shown[0][key], shown[1][key]) for key in shown[0])


@pytest.mark.parametrize('option, said', [
    ('model.backbone.channels=64', "has model.backbone.channels=32, but the config sets 64: leave it out"),
    ('model.data_preprocessor.stream=joint', "has model.data_preprocessor.stream='bone', but the config sets 'joint'"),
    ('model.neck.num_granularities=1', 'has model.neck.num_granularities=4, but the config sets 1'),
    ('model.neck.encoder.type=LSTMEncoder', "has model.neck.encoder.type='GRUEncoder', but the config sets 'LSTM"),
    ('model.data_preprocessor.clip_len=32', 'has model.data_preprocessor.clip_len=64, but the config sets 32'),
])
@pytest.mark.parametrize('tool', ['train', 'test', 'extract'])
def test_an_option_that_contradicts_the_checkpoint_is_refused(pretrained_once, command, tmp_path, option, said, tool):
    checkpoint, options = pretrained_once
    run = ('--cfg-options', *options, option)
    if tool == 'train':
        result = command(train.main, CONFIGS / 'linear/hico_nwucla_linear.py', '--pretrained', checkpoint, *run)
    elif tool == 'test':
        result = command(test.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, *run)
    else:
        result = command(extract_features.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, '--split', 'xview_val',
                         '--out', tmp_path / 'a.npz', *run)
    assert result[0] == 1 and f'{checkpoint} {said}' in result[2] and len(result[2].splitlines()) == 1


@pytest.fixture(scope='module')
def pretrained_once(tmp_path_factory):
    """A checkpoint of the first of ``ENCODERS``, which the tests of refusals share."""
    folder = tmp_path_factory.mktemp('pretrained')
    options = data(folder)
    assert train.main([str(CONFIGS / 'hico_gru_nwucla.py'), '--epochs', '1', '--work-dir', str(folder / 'p'),
                       '--cfg-options', *options, *ENCODERS['gru, narrow, bone'][2], *QUEUE]) == 0
    return folder / 'p' / 'epoch_1.pth', options


def test_saying_what_the_checkpoint_knows_is_allowed(pretrained_once, command, tmp_path):
    checkpoint, options = pretrained_once
    assert command(test.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, '--work-dir', tmp_path, '--cfg-options',
                   *options, 'model.backbone.channels=32', 'model.data_preprocessor.stream=bone')[0] == 0


@pytest.mark.parametrize('config, said', [
    ('knn/hico_ntu60_knn', r'is an encoder for the skeleton "nw_ucla" \(20 joints\), but '
                           r'train_dataloader.dataset.layout is "ntu" \(25 joints\)'),
    ('hico_gru_nwucla', r'has model.data_preprocessor.stream=.bone., but the config has .joint.: use the config it was '
                        'trained with, or one that takes the encoder from the checkpoint'),
])
def test_a_config_for_something_else_is_refused(pretrained_once, command, tmp_path, config, said):
    checkpoint, options = pretrained_once
    status, _, error = command(test.main, CONFIGS / f'{config}.py', checkpoint, '--work-dir', tmp_path,
                               '--cfg-options', *options)
    assert status == 1 and re.search(said, error) and str(checkpoint) in error


def test_a_preparation_that_contradicts_the_checkpoint_is_refused(pretrained_once, command, tmp_path):
    checkpoint, options = pretrained_once
    with_parity = ('--with', CONFIGS / 'ablations/parity.py')
    config = Config.fromfile(CONFIGS / 'knn/hico_nwucla_knn.py')
    config.test_dataloader.dataset.load_pipeline = [dict(type='NormalizeSkeleton', center='first_frame')]
    config.dump(tmp_path / 'knn.py')
    status, _, error = command(test.main, tmp_path / 'knn.py', checkpoint, '--cfg-options', *options)
    assert status == 1 and 'test_dataloader.dataset.load_pipeline' in error and str(checkpoint) in error
    # The fragment is one of pretraining: a recognizer has no contrast head.
    status, _, error = command(test.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, *with_parity)
    assert status == 1 and 'model (SkeletonRecognizer) has no argument head' in error


def test_a_checkpoint_without_a_description_works_with_an_explicit_config(pretrained_once, command, tmp_path):
    checkpoint, options = pretrained_once
    bare = tmp_path / 'bare.pth'
    torch.save(dict(state_dict=load_checkpoint(checkpoint)['state_dict']), bare)
    path = CONFIGS / 'knn/hico_nwucla_knn.py'
    status, _, error = command(test.main, path, bare, '--cfg-options', *options)
    assert status == 1 and 'bare.pth does not record its model, and the config has no backbone' in error
    explicit = ('model.backbone.type=HiCoBackbone', 'model.backbone.channels=32', 'model.neck.type=UDMNeck',
                'model.data_preprocessor.type=SkeletonDataPreprocessor', 'model.data_preprocessor.layout=nw_ucla',
                'model.data_preprocessor.num_persons=1', 'model.data_preprocessor.stream=bone')
    shown = [command(test.main, path, source, '--work-dir', tmp_path, '--cfg-options', *options, *more)
             for source, more in ((bare, explicit), (checkpoint, ()))]
    assert shown[0][0] == 0, shown[0][2]
    assert accuracy(shown[0][1]) == accuracy(shown[1][1])


def test_init_model_refuses_a_config_that_contradicts_the_checkpoint(pretrained_once):
    checkpoint, _ = pretrained_once
    config = load_config(str(CONFIGS / 'hico_gru_nwucla.py'), options={
        'model.backbone.channels': 32, 'model.head.queue_length': 8})
    with pytest.raises(ValueError, match="has model.data_preprocessor.stream='bone', but the config has 'joint'"):
        init_model(config, checkpoint)
    config.model.data_preprocessor.stream = 'bone'
    init_model(config, checkpoint)
    config.test_dataloader.dataset.load_pipeline = [dict(type='NormalizeSkeleton', center='first_frame')]
    with pytest.raises(ValueError, match='clips prepared by'):
        init_model(config, checkpoint)


def test_a_network_of_mmaction2_is_compared_with_its_checkpoint(command, tmp_path):
    """MMAction2's own recognizer on our views, from a graph network that was pretrained on bones."""
    annotation = make_annotation(num_classes=10)
    annotation['split'] = {f'xsub_{name}': clips for name, clips in annotation['split'].items()}
    dump_pickle(annotation, tmp_path / 'a.pkl')
    run = ('--epochs', 1, '--cfg-options', *data_options(tmp_path / 'a.pkl'))
    bone = 'model.data_preprocessor.stream=bone'
    assert command(train.main, CONFIGS / 'demo/hico_stgcn_demo.py', '--work-dir', tmp_path / 'p', *run, *QUEUE,
                   bone)[0] == 0
    start = (CONFIGS / 'demo/stgcn_demo.py', '--pretrained', tmp_path / 'p' / 'epoch_1.pth', '--work-dir',
             tmp_path / 'f', *run)
    status, _, error = command(train.main, *start)
    assert status == 1 and "has model.data_preprocessor.stream='bone', but the config has 'joint'" in error
    assert command(train.main, *start, bone)[0] == 0


@pytest.mark.parametrize('wrapper', ['RepeatDataset', 'ConcatDataset'])
def test_wrapped_datasets_are_described_and_compared(command, tmp_path, wrapper):
    options = data(tmp_path)
    config = load_config(str(CONFIGS / 'hico_gru_nwucla.py'), [str(CONFIGS / 'ablations/parity.py')])
    inner = config.train_dataloader.dataset
    inner.ann_file = str(tmp_path / 'a.pkl')
    wrapped = dict(times=2, dataset=inner) if wrapper == 'RepeatDataset' else dict(datasets=[inner, inner])
    config.train_dataloader.dataset = dict(type=wrapper, **wrapped)
    config.model.backbone.channels = 16
    config.dump(tmp_path / 'wrapped.py')
    others = [option for option in options if 'train_dataloader.dataset' not in option]
    status, _, error = command(train.main, tmp_path / 'wrapped.py', '--epochs', 1, '--work-dir', tmp_path / 'p',
                               '--cfg-options', *others, *QUEUE)
    assert status == 0, error
    checkpoint = tmp_path / 'p' / 'epoch_1.pth'
    description = describe_checkpoint(checkpoint)
    assert description.load_pipeline[0]['center'] == 'first_frame'
    assert description.training_data['clips'] == (12 if wrapper == 'RepeatDataset' else 24)
    inner.load_pipeline = [dict(type='NormalizeSkeleton')]
    config.train_dataloader.dataset = dict(type=wrapper, **wrapped)
    config.dump(tmp_path / 'wrapped.py')
    status, _, error = command(train.main, tmp_path / 'wrapped.py', '--epochs', 1, '--work-dir', tmp_path / 'q',
                               '--pretrained', checkpoint, '--cfg-options', *others, *QUEUE)
    assert status == 1 and 'clips prepared by' in error


def test_a_part_of_the_preparation_is_completed_by_the_checkpoint(command, tmp_path):
    options = data(tmp_path)
    status, _, error = command(
        train.main, CONFIGS / 'hico_gru_nwucla.py', '--with', CONFIGS / 'ablations/parity.py', '--epochs', 1,
        '--work-dir', tmp_path / 'p', '--cfg-options', *options, *QUEUE, 'model.backbone.channels=16')
    assert status == 0, error
    config = load_config(str(CONFIGS / 'knn/hico_nwucla_knn.py'))
    for part in ('train', 'val', 'test'):
        config[f'{part}_dataloader'].dataset.load_pipeline = [dict(type='NormalizeSkeleton', align=True)]
    take_encoder_into(config, EncoderSource.open(tmp_path / 'p' / 'epoch_1.pth'))
    assert config.test_dataloader.dataset.load_pipeline[0]['center'] == 'first_frame'


def test_a_split_that_has_changed_is_a_warning(pretrained_once, command, tmp_path):
    """Of the gallery and of the classifier's input, by the name of file and split; not of a test split."""
    checkpoint, options = pretrained_once
    said = 'is split "xview_train" of a.pkl with 12 clips of 4 classes .* was trained on a split with this name'
    for folder, seed, name, warned in (('same', 0, 'a.pkl', False), ('changed', 1, 'a.pkl', True),
                                       ('transfer', 1, 'b.pkl', False)):
        (tmp_path / folder).mkdir()
        data(tmp_path / folder, seed=seed)
        path = tmp_path / folder / name
        (tmp_path / folder / 'a.pkl').rename(path)
        run = ('--work-dir', tmp_path / folder, '--cfg-options', *data_options(path))
        _, knn, _ = command(test.main, CONFIGS / 'knn/hico_nwucla_knn.py', checkpoint, *run)
        _, linear, _ = command(train.main, CONFIGS / 'linear/hico_nwucla_linear.py', '--pretrained', checkpoint, *run,
                               *SHORT)
        assert bool(re.search('the gallery ' + said, knn)) is warned, folder
        assert bool(re.search("the classifier's input " + said, linear)) is warned, folder


def test_one_argument_builds_the_recognizer_from_the_checkpoint(pretrained_once):
    """What MMAction2's own tools do: the config goes to the registry, and nothing else is known."""
    checkpoint, _ = pretrained_once
    config = Config.fromfile(CONFIGS / 'linear/hico_nwucla_linear.py')
    config.model.pretrained = str(checkpoint)
    model = MODELS.build(config.model)
    weights = load_checkpoint(checkpoint)['state_dict']
    model.init_weights()
    for name, weight in model.state_dict().items():
        assert name.startswith('cls_head') or torch.equal(weight, weights[name])
    assert model.data_preprocessor.stream == 'bone' and model.cls_head.in_channels == 2 * 4 * 32
    assert model.origin.path == str(checkpoint) and model.origin.record['task'] == 'pretraining'
    assert 'pretrained' not in model.config


def test_a_config_in_place_of_a_checkpoint_is_its_untrained_encoder(command, tmp_path):
    options = data(tmp_path)
    run = ('--seed', 0, '--cfg-options', *options, *SHORT)
    status, printed, error = command(
        train.main, CONFIGS / 'linear/hico_nwucla_linear.py', '--pretrained', CONFIGS / 'hico_lstm_nwucla_small.py',
        '--work-dir', tmp_path / 'untrained', *run)
    assert status == 0, error
    description = json.loads(load_checkpoint(tmp_path / 'untrained/epoch_2.pth')['meta'][META_KEY])
    assert description['model']['backbone']['channels'] == 128 and description['encoder'] is None
    assert description['task'] == 'linear evaluation of an untrained encoder'
    status, printed, error = command(
        train.main, CONFIGS / 'linear/hico_nwucla_linear.py', '--pretrained',
        CONFIGS / 'baselines/raw_coordinates.py', '--work-dir', tmp_path / 'raw', *run,
        'model.data_preprocessor.clip_len=16')
    assert status == 0, error
    weights = load_checkpoint(tmp_path / 'raw/epoch_2.pth')['state_dict']
    assert weights['cls_head.fc.weight'].shape == (10, 2 * 16 * 20 * 3)


def test_resuming_takes_the_encoder_from_the_run(pretrained_once, command, tmp_path):
    checkpoint, options = pretrained_once
    path, run = CONFIGS / 'linear/hico_nwucla_linear.py', ('--seed', 0, '--cfg-options', *options)
    for folder, epochs in (('whole', 4), ('parts', 2)):
        assert command(train.main, path, '--pretrained', checkpoint, '--work-dir', tmp_path / folder, *run,
                       f'train_cfg.max_epochs={epochs}')[0] == 0
    assert command(train.main, path, '--resume', '--work-dir', tmp_path / 'parts', *run,
                   'train_cfg.max_epochs=4')[0] == 0
    whole, parts = (load_checkpoint(tmp_path / folder / 'epoch_4.pth')['state_dict']
                    for folder in ('whole', 'parts'))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    description = describe_checkpoint(tmp_path / 'parts' / 'epoch_4.pth')
    assert description.task == 'linear evaluation' and description.encoder['file'] == 'epoch_1.pth'
