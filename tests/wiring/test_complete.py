"""Completed configs: what is left out is told, what contradicts is refused, and nothing changes the second time."""

import copy
import inspect

import pytest
import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.config import Config

from hico_mm.datasets.transforms import NormalizeSkeleton
from hico_mm.errors import UserError
from hico_mm.wiring import complete_config, complete_model, complete_transforms, load_config
from hico_mm.wiring.complete import same
from hico_mm.wiring.table import ARGUMENTS, TELLS
from tests.conftest import ROOT

CONFIGS = ROOT / 'configs' / 'hico'
CUSTOM = dict(name='mine', parents=[0, 0, 1], center=0, spine=(0, 1), shoulders=(1, 2))


def model_of(name, *fragments, **options):
    return load_config(f'{CONFIGS}/{name}.py', [f'{CONFIGS}/{part}.py' for part in fragments], options).model


@pytest.mark.parametrize('name', sorted(ARGUMENTS))
def test_the_table_has_the_defaults_of_the_constructors(name):
    cls = (TRANSFORMS if name in TRANSFORMS.module_dict else MODELS).get(name)
    parameters = {}
    for base in reversed(inspect.getmro(cls)):
        if '__init__' in vars(base) and base.__module__.startswith('hico_mm'):
            parameters.update(inspect.signature(base.__init__).parameters)
    for argument, value in ARGUMENTS[name].items():
        default = parameters[argument].default
        if default is None and value is not None:  # the constructor works it out, or builds what the table says
            assert argument in ('udm', 'encoder', 'clip_len')
        else:
            assert same(default, value), argument


def test_every_place_that_tells_exists():
    model = complete_model(model_of('hico_gru_ntu60', 'graph/stgcn'))
    for told in TELLS.values():
        for source in told.values():
            place, _, name = source.rpartition('.')
            if place not in ('maps', 'features', 'backbone') and source != 'data_preprocessor.out_channels':
                part = model
                for key in place.split('.'):
                    part = part[key]
                assert part[name] is not None, source


@pytest.mark.parametrize('name, fragments', [
    ('hico_gru_ntu60', ()), ('hico_transformer_nwucla', ('ablations/temporal', )), ('hico_lstm_nwucla_small', ()),
    ('hico_gru_pku1', ('graph/stgcnpp', )), ('demo/hico_stgcn_demo', ()), ('demo/stgcn_demo', ())])
def test_completing_again_changes_nothing(name, fragments):
    given = model_of(name, *fragments)
    before = copy.deepcopy(given)
    once = complete_model(given)
    assert given == before and complete_model(once) == once
    assert complete_model(Config(dict(model=once)).model) == once


def test_every_size_is_written_out():
    model = complete_model(model_of('hico_transformer_nwucla', **{
        'model.backbone.channels': 96, 'model.neck.num_granularities': 3, 'model.data_preprocessor.clip_len': 16}))
    assert model['backbone'] == dict(
        type='HiCoBackbone', layout='nw_ucla', num_persons=1, clip_len=16, in_channels=3, channels=96, norm=True,
        branches=['temporal', 'spatial'])
    assert model['neck']['encoder'] == dict(
        type='TransformerEncoder', channels=96, num_layers=1, num_heads=4, feedforward_channels=None, dropout=0.1)
    assert (model['projector']['in_channels'], model['projector']['num_granularities']) == (96, 3)
    assert model['head']['dim'] == 128 and model['cls_head']['in_channels'] == 2 * 3 * 96
    corruption = model['data_preprocessor']['train_views'][0][1]['transforms'][0]
    assert corruption == dict(type='JointCorruption', layout='nw_ucla', ratio=0.6, zero_prob=0.5, in_channels=3)
    assert {view[0]['clip_len'] for key in ('train_views', 'test_views') for view in model['data_preprocessor'][key]
            } == {16}


def test_what_is_built_is_what_the_config_says():
    model = model_of('hico_gru_nwucla', **{'model.backbone.channels': 32, 'model.neck.num_granularities': 2})
    model.data_preprocessor.layout = CUSTOM
    built, completed = MODELS.build(model), complete_model(model)
    assert built.config == completed and built.backbone.clip_shape == (1, 64, 3, 3)
    assert built.neck.channels == built.neck.pyramids['spatial'].encoder.rnn.input_size == 32


@pytest.mark.parametrize('options, said', [
    ({'model.neck.channels': 64}, 'neck.channels is 64, but backbone.channels says 512'),
    ({'model.backbone.num_persons': 2}, 'data_preprocessor.num_persons is 1, but backbone.num_persons says 2'),
    ({'model.head.dim': 64}, 'head.dim is 64, but projector.out_channels says 128'),
    ({'model.data_preprocessor.test_views.0.0.clip_len': 32}, 'data_preprocessor.clip_len is 64, but a view says 32'),
    ({'model.neck.num_granularities': 7}, 'num_granularities is 7, but the 20 tokens of the spatial branch cannot be'),
    ({'model.neck.encoder.channels': 8}, 'neck.encoder.channels is 8, but neck.channels says 512'),
    ({'model.data_preprocessor.train_views.0.1.transforms.0': dict(type='JointCorruption', layout='ntu')},
     "JointCorruption.layout is 'ntu', but the data preprocessor says 'nw_ucla'"),
])
def test_two_places_that_contradict_each_other_are_named(options, said):
    config = load_config(f'{CONFIGS}/hico_gru_nwucla.py')
    config.merge_from_dict(options)
    with pytest.raises(ValueError, match=said.replace('(', r'\(')):
        complete_model(config.model)


def test_the_random_state_is_left_alone():
    given, state = model_of('hico_gru_ntu60', 'graph/stgcn'), torch.get_rng_state()
    completed = complete_model(given)
    assert torch.equal(state, torch.get_rng_state())
    assert {completed['neck']['tokenizer'][key] for key in ('num_persons', 'in_channels', 'clip_len')} == {2, 256, 16}


def test_a_class_of_ones_own_has_the_arguments_of_its_base():
    from hico_mm.models.backbones import HiCoBackbone

    @MODELS.register_module(force=True)
    class WiderBackbone(HiCoBackbone):
        pass

    model = complete_model(dict(
        type='SkeletonRecognizer', data_preprocessor=dict(type='SkeletonDataPreprocessor', layout='coco'),
        backbone=dict(type='WiderBackbone', channels=24), neck=dict(type='UDMNeck')))
    assert model['backbone']['layout'] == 'coco' and model['neck']['channels'] == 24


def test_any_encoder_and_head_are_told_their_width():
    model = complete_model(dict(
        type='SkeletonRecognizer', backbone=dict(type='HiCoBackbone', channels=24),
        neck=dict(type='UDMNeck', encoder=dict(type='SomebodysEncoder')),
        cls_head=dict(type='HierarchicalClsHead', num_classes=3, level='temporal')))
    assert model['neck']['encoder'] == dict(type='SomebodysEncoder', channels=24)
    assert model['cls_head']['in_channels'] == 4 * 24


def test_transforms_that_are_built_already_stay():
    built = NormalizeSkeleton('coco', align=False)
    assert complete_transforms([built, dict(type='PackActionInputs')], layout='ntu') == [
        built, dict(type='PackActionInputs')]


def test_datasets_are_completed_inside_wrappers_too():
    config = load_config(f'{CONFIGS}/hico_gru_nwucla.py')
    dataset = config.train_dataloader.dataset
    config.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=dataset)
    del config.val_dataloader.dataset['layout']
    complete_config(config)
    expected = [dict(type='NormalizeSkeleton', layout='nw_ucla', center='frame', align=True, lost_joints='absent')]
    assert config.train_dataloader.dataset.dataset.load_pipeline == expected
    assert config.val_dataloader.dataset.layout == 'nw_ucla' and config.test_pipeline[:1] == expected
    config.test_dataloader.dataset.layout = 'ntu'
    with pytest.raises(ValueError, match=r'test_dataloader.dataset.layout is "ntu" \(25 joints\), but model.data_pre'):
        complete_config(config)


def test_a_loader_without_workers_keeps_none():
    config = load_config(f'{CONFIGS}/hico_gru_nwucla.py', options={'train_dataloader.num_workers': 0})
    complete_config(config)
    assert 'persistent_workers' not in config.train_dataloader and config.val_dataloader.persistent_workers


def test_a_graph_network_gets_the_coordinates_of_all_streams():
    given = model_of('hico_gru_ntu60', 'graph/stgcn')
    assert 'in_channels' not in complete_model(given)['backbone']
    given.data_preprocessor.stream = 'joint+motion'
    completed = complete_model(given)
    assert completed['backbone']['in_channels'] == 6 and complete_model(completed) == completed
    assert completed['neck']['tokenizer']['in_channels'] == 256  # maps of the network


def test_the_backbone_gets_the_coordinates_of_all_streams():
    given = model_of('hico_lstm_nwucla_small')
    given.data_preprocessor.stream = 'joint+bone+motion'
    completed = complete_model(given)
    assert (completed['data_preprocessor']['in_channels'], completed['backbone']['in_channels']) == (3, 9)
    assert complete_model(completed) == completed
    given.data_preprocessor.pop('in_channels', None)
    given.backbone.in_channels = 6  # two coordinates of three streams
    assert complete_model(given)['data_preprocessor']['in_channels'] == 2
    given.data_preprocessor.in_channels = 3
    with pytest.raises(UserError, match='in_channels is 3, but backbone.in_channels per stream says 2'):
        complete_model(given)


def test_a_score_must_be_one_for_the_dataset_and_the_preprocessor():
    def config(given, taken):
        step = dict(type='NormalizePose2D', with_score=given)
        return Config(dict(
            model=dict(type='SkeletonRecognizer', backbone=dict(type='RawCoordinates'), data_preprocessor=dict(
                type='SkeletonDataPreprocessor', layout='coco', num_persons=1, in_channels=3, with_score=taken)),
            train_dataloader=dict(dataset=dict(type='SkeletonDataset', ann_file='a.pkl', load_pipeline=[step]))))

    for value in True, False:
        complete_config(config(value, value))
    with pytest.raises(UserError, match='with_score is True, but the clips of train_dataloader.dataset have no score'):
        complete_config(config(False, True))
    with pytest.raises(UserError, match='with_score is False, but the clips of .* have a score as last channel'):
        complete_config(config(True, False))
