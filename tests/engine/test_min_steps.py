"""Small datasets are trained for more epochs."""

from pathlib import Path

import pytest
from mmengine.config import Config

from hico_mm.cli import train
from hico_mm.errors import UserError
from hico_mm.wiring import load_config, scale_schedule


def test_epochs_and_validations_follow_the_steps(make_runner):
    options = {'train_cfg.min_steps': 11, 'train_cfg.val_begin': 2, 'train_cfg.val_interval': 2}
    runner = make_runner('steps', epochs=3, **options)  # two steps in each epoch
    runner.train()
    assert (runner.epoch, runner.iter) == (6, 12)
    log, = Path(runner.work_dir).glob('*/*.log')
    assert '3 epochs have fewer steps than train_cfg.min_steps=11: training for 6 epochs of 2 steps' in log.read_text()
    assert (runner.train_loop.val_begin, runner.train_loop.val_interval) == (4, 4)
    scheduler = make_runner('schedule', epochs=3, **options, param_scheduler=[
        dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True)])
    scheduler.train()
    assert scheduler.param_schedulers[0].end == 12  # the schedule ends with the training


def test_a_number_of_epochs_on_the_command_line_is_the_whole_length():
    assert load_config('hico_lstm_nwucla_small').train_cfg.min_steps == 2250
    assert 'min_steps' not in load_config('hico_lstm_nwucla_small', (), {'train_cfg.max_epochs': 3}).train_cfg
    both = load_config('hico_lstm_nwucla_small', (), {'train_cfg.max_epochs': 3, 'train_cfg.min_steps': 7}).train_cfg
    assert (both.max_epochs, both.min_steps) == (3, 7)


def test_a_run_that_was_longer_is_not_resumed(make_runner, tmp_path, command):
    make_runner('tiny', epochs=5).cfg.dump(tmp_path / 'tiny.py')
    assert command(train.main, tmp_path / 'tiny.py', '--work-dir', tmp_path / 'w')[0] == 0
    make_runner('again', epochs=1, **{'train_cfg.min_steps': 6}).cfg.dump(tmp_path / 'again.py')  # three epochs
    code, _, said = command(train.main, tmp_path / 'again.py', '--work-dir', tmp_path / 'w', '--resume')
    assert code == 1 and 'was trained for 5 epochs, but the config ends after 3, so nothing is left to train' in said


def test_larger_datasets_keep_their_epochs(make_runner):
    runner = make_runner('epochs', epochs=3, **{'train_cfg.min_steps': 6})
    runner.train()
    assert (runner.epoch, runner.train_loop.val_interval) == (3, 1)


def test_min_steps_must_be_a_count(make_runner):
    with pytest.raises(UserError, match='min_steps'):
        make_runner('wrong', **{'train_cfg.min_steps': 0}).train()


def test_milestones_are_moved_with_the_epochs(make_runner):
    runner = make_runner('milestones', epochs=2, **{'train_cfg.min_steps': 12, 'param_scheduler': [
        dict(type='MultiStepLR', milestones=[1], gamma=0.1)]})  # two steps in each epoch
    rates = []
    step = runner.call_hook
    runner.call_hook = lambda name, **options: (
        rates.append(runner.optim_wrapper.get_lr()['lr'][0]) if name == 'before_train_iter' else None, step(
            name, **options))
    runner.train()
    assert rates == pytest.approx([0.01] * 6 + [0.001] * 6)


def test_every_number_of_epochs_of_a_schedule_is_rescaled():
    config = Config(dict(train_cfg=dict(max_epochs=100), param_scheduler=[
        dict(type='StepLR', step_size=40), dict(type='CosineRestartLR', periods=[50, 50], restart_weights=[1, 1]),
        dict(type='LinearLR', by_epoch=False, end=60), dict(type='CosineAnnealingLR', T_max=None)]))
    scale_schedule(config, 10)
    assert config.param_scheduler[0].step_size == 4 and config.param_scheduler[1].periods == [5, 5]
    assert config.param_scheduler[2].end == 60


def test_a_shorter_run_is_validated_at_its_end():
    assert load_config('hico_ntu60_finetune', (), {'train_cfg.max_epochs': 3}).train_cfg.val_begin == 3
