"""Logging to TensorBoard and to Weights & Biases."""

import importlib.util

import pytest
from mmengine.config import Config

from hico_mm.cli import test, train
from hico_mm.engine import log_backends
from hico_mm.engine.log_backends import add_backends
from hico_mm.errors import UserError


def kinds(config):
    return [backend['type'] for backend in config.visualizer['vis_backends']]


def test_backends_are_added_and_local_files_are_kept():
    pytest.importorskip('tensorboard')
    config = Config(dict(visualizer=dict(type='ActionVisualizer', vis_backends=[dict(type='TensorboardVisBackend')])))
    add_backends(config, [], 'run')
    assert kinds(config) == ['TensorboardVisBackend']
    add_backends(config, ['tensorboard'], 'run')
    assert kinds(config) == ['TensorboardVisBackend', 'LocalVisBackend']
    config = Config(dict())
    add_backends(config, ['tensorboard', 'tensorboard'], 'run')
    assert config.visualizer.type == 'ActionVisualizer'
    assert kinds(config) == ['LocalVisBackend', 'TensorboardVisBackend']


def test_a_missing_package_is_named_before_training_begins(make_runner, tmp_path, monkeypatch, command):
    make_runner('tiny').cfg.dump(tmp_path / 'config.py')
    monkeypatch.setattr(log_backends, 'find_spec', lambda name: None)
    code, _, said = command(train.main, tmp_path / 'config.py', '--work-dir', tmp_path / 'w', '--log-to', 'wandb')
    assert code == 1 and 'logging to wandb needs the package wandb, which is not installed: pip install wandb' in said
    assert not (tmp_path / 'w').exists()
    with pytest.raises(UserError, match='logging to tensorboard needs the package tensorboard'):
        add_backends(Config(dict(visualizer=dict(vis_backends=[dict(type='TensorboardVisBackend')]))), [], 'run')
    with pytest.raises(SystemExit):
        train.main([str(tmp_path / 'config.py'), '--log-to', 'excel'])


def test_tensorboard_gets_the_losses_of_training_and_the_scores_of_a_test(make_runner, tmp_path, command):
    accumulator = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    config = make_runner('tiny').cfg
    config.default_hooks.logger = dict(type='LoggerHook', interval=1)
    config.dump(tmp_path / 'config.py')
    code, _, said = command(train.main, tmp_path / 'config.py', '--work-dir', tmp_path / 'w', '--log-to', 'tensorboard')
    assert code == 0, said
    events, = (tmp_path / 'w').rglob('events.out.tfevents.*')
    read = accumulator.EventAccumulator(str(events))
    read.Reload()
    assert len(read.Scalars('loss')) == 2 and read.Scalars('loss_instance')[0].value > 0
    assert list((tmp_path / 'w').rglob('scalars.json'))
    code, _, said = command(test.main, tmp_path / 'config.py', tmp_path / 'w/epoch_1.pth', '--work-dir', tmp_path / 't',
                            '--log-to', 'tensorboard')
    assert code == 0 and list((tmp_path / 't').rglob('events.out.tfevents.*')), said


@pytest.mark.skipif(importlib.util.find_spec('wandb') is None, reason='wandb is not installed')
def test_wandb_logs_offline(make_runner, tmp_path, monkeypatch, command):
    monkeypatch.setenv('WANDB_MODE', 'offline')
    monkeypatch.setenv('WANDB_SILENT', 'true')
    make_runner('tiny').cfg.dump(tmp_path / 'config.py')
    code, _, said = command(train.main, tmp_path / 'config.py', '--work-dir', tmp_path / 'w', '--log-to', 'wandb')
    assert code == 0, said
    assert list((tmp_path / 'w').rglob('*.wandb')) and list((tmp_path / 'w').rglob('scalars.json'))
