"""Keys that nothing reads."""

import pytest
from mmengine.config import Config

from hico_mm.wiring import check_spelling, load_config
from tests.conftest import ROOT

PRETRAIN, LINEAR = (f'{ROOT}/configs/hico/{name}.py' for name in ('hico_gru_nwucla', 'linear/hico_nwucla_linear'))


@pytest.mark.parametrize('config, option, said', [
    (PRETRAIN, 'train_dataloder.batch_size', 'nothing reads train_dataloder; did you mean train_dataloader'),
    (PRETRAIN, 'lr', 'nothing reads lr; did you mean optim_wrapper.optimizer.lr?'),
    (PRETRAIN, 'seed', 'nothing reads seed; did you mean --seed?'),
    (PRETRAIN, 'max_epochs', 'nothing reads max_epochs; did you mean train_cfg.max_epochs?'),
    (PRETRAIN, 'batch_size', 'nothing reads batch_size; did you mean train_dataloader.batch_size?'),
    (PRETRAIN, 'qwzx', 'nothing reads qwzx$'),
    (PRETRAIN, 'loader.batch_size', 'loader is a helper variable of .*, and setting it has no effect'),
    (PRETRAIN, 'view', 'view is a helper variable of .*, and setting it has no effect'),
    (PRETRAIN, 'model.backbone.chanels', r'model.backbone \(HiCoBackbone\) has no argument chanels; did you mean'),
    (PRETRAIN, 'model.nek.num_granularities', r'model \(HiCo\) has no argument nek; did you mean neck'),
    (PRETRAIN, 'model.head.active', r'model.head \(HierarchicalContrastHead\) has no argument active; it is now'),
    (PRETRAIN, 'train_dataloader.batchsize', 'train_dataloader has no key batchsize; did you mean batch_size'),
    (PRETRAIN, 'train_dataloader.dataset.spilt', r'\(SkeletonDataset\) has no argument spilt; did you mean split'),
    (PRETRAIN, 'train_dataloader.dataset.once', 'has no argument once; it is now called load_pipeline'),
    (PRETRAIN, 'train_dataloader.sampler.shufle', r'\(DefaultSampler\) has no argument shufle; did you mean shuffle'),
    (PRETRAIN, 'train_cfg.max_epoch', r'\(ResumableTrainLoop\) has no argument max_epoch; did you mean max_epochs'),
    (PRETRAIN, 'optim_wrapper.optimizer.momentun', r'\(SGD\) has no argument momentun; did you mean momentum'),
    (PRETRAIN, 'param_scheduler.0.milestone', r'\(MultiStepLR\) has no argument milestone; did you mean milestones'),
    (PRETRAIN, 'default_hooks.checkpoint.intervall',
     r'\(TimedCheckpointHook\) has no argument intervall; did you'),
    (PRETRAIN, 'model.neck.udm.kernel_siz', 'model.neck.udm has no key kernel_siz; did you mean kernel_size'),
    (PRETRAIN, 'train_dataloader.dataset.subset.fractoin', 'subset has no key fractoin; did you mean fraction'),
    (PRETRAIN, 'randomness.sed', 'randomness has no key sed; did you mean seed'),
    (LINEAR, 'model.cls_head.num_class', r'\(HierarchicalClsHead\) has no argument num_class; did you mean num_'),
    (LINEAR, 'train_cfg.batchsize', r'\(FeatureTrainLoop\) has no argument batchsize; did you mean batch_size'),
    (LINEAR, 'param_scheduler.7.gamma', '--cfg-options cannot be merged into'),
])
def test_a_misspelt_option_is_refused_with_the_nearest_key(config, option, said):
    with pytest.raises(ValueError, match=said):
        load_config(config, options={option: 3})


@pytest.mark.parametrize('option, value', [
    ('randomness.seed', 3), ('train_cfg.val_interval', 5), ('custom_hooks', []), ('experiment_name', 'a'),
    ('optim_wrapper.clip_grad', dict(max_norm=1)), ('optim_wrapper.paramwise_cfg', dict(norm_decay_mult=0)),
    ('default_hooks.mine', dict(type='EarlyStoppingHook', monitor='acc/top1')), ('train_dataloader.pin_memory', True),
    ('model.data_preprocessor.non_blocking', False), ('train_dataloader.dataset.subset.fraction', 0.5),
    ('param_scheduler.0.by_epoch', True), ('work_dir', 'w'), ('find_unused_parameters', True)])
def test_what_the_runner_reads_is_left_alone(option, value):
    key = option.split('.')
    got = load_config(PRETRAIN, options={option: value})
    for part in key:
        got = got[int(part)] if part.isdigit() else got[part]
    assert got == value


def test_a_type_that_is_not_registered_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match='model.neck.encoder.type is LSTMEncodr, .* did you mean LSTMEncoder'):
        load_config(PRETRAIN, options={'model.neck.encoder.type': 'LSTMEncodr'})


def test_arguments_that_are_handed_on_elsewhere_are_left_alone():
    hooks = [dict(type='EMAHook', momentum=0.0002)]  # for the average that it makes
    assert load_config(PRETRAIN, options=dict(custom_hooks=hooks)).custom_hooks == hooks


def test_helper_variables_of_a_file_are_legal_but_not_a_slip_of_the_pen():
    config = Config.fromfile(PRETRAIN)
    config.my_views = [1]
    check_spelling(config, 'mine.py')
    for slip in ('train_dataloder', 'modl', 'optim_wraper'):  # beside the right key, which a base file has
        config = Config.fromfile(PRETRAIN)
        config[slip] = dict(batch_size=8)
        with pytest.raises(ValueError, match=f'mine.py: nothing reads {slip}; did you mean'):
            check_spelling(config, 'mine.py')
