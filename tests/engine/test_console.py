"""What training and testing print."""

import re
from pathlib import Path

import pytest

from hico_mm.cli import test, train
from hico_mm.engine import console


@pytest.fixture
def commands(make_runner, linear_model, tmp_path, monkeypatch):
    """Configs of pretraining and linear evaluation; commands print only what they print to users."""
    make_runner('tiny').cfg.dump(tmp_path / 'pretrain.py')
    make_runner('tiny', model=linear_model, loop='FeatureTrainLoop').cfg.dump(tmp_path / 'linear.py')
    monkeypatch.delenv(console.VERBOSE)
    return [str(tmp_path / name) for name in ('pretrain.py', 'linear.py', 'w', 'l')]


def test_training_and_test_print_progress_and_the_result(commands, capsys):
    pretrain, linear, first, second = commands
    assert train.main([pretrain, '--work-dir', first]) == 0
    printed = capsys.readouterr()
    assert re.search(r'^epoch 1/1, step 1/2; loss [\d.]+; contrast accuracy [\d.]+; \d:\d\d:\d\d left$', printed.err,
                     re.M)
    assert re.match(rf'trained 1 epoch; last validation: k-NN [\d.]+ %.*\ncheckpoint: {first}/epoch_1.pth\nlog: ',
                    printed.out.strip())
    assert 'INFO' not in printed.out + printed.err and printed.out.count('\n') < 8
    assert train.main([linear, '--work-dir', second, '--pretrained', f'{first}/epoch_1.pth']) == 0
    printed = capsys.readouterr()
    assert 'unexpected key' not in printed.out
    assert re.search('last validation: top-1 .*, k-NN .*, best epoch', printed.out)
    config = Path(second, 'linear.py').read_text()
    assert test.main([linear, f'{second}/epoch_1.pth', '--work-dir', second]) == 0
    assert Path(second, 'linear.py').read_text() == config  # that of the training; the test's is beside its log
    assert len(list(Path(second).glob('*/linear.py'))) == 1
    assert re.search(r'^top-1 [\d.]+ %, top-5 [\d.]+ %, mean class accuracy [\d.]+ % \(\d+ clips\)$',
                     capsys.readouterr().out, re.M)


def test_the_log_file_has_everything(commands, tmp_path):
    train.main([commands[0], '--work-dir', commands[2], '--cfg-options', 'experiment_name=logged'])
    log = '\n'.join(path.read_text() for path in (tmp_path / 'w').rglob('*.log'))
    assert 'Epoch(train)' in log and 'System environment' in log


def test_verbose_prints_the_full_log(commands, capsys, monkeypatch):
    monkeypatch.setenv(console.VERBOSE, '')  # restored after the test
    train.main([commands[0], '--work-dir', commands[2], '--verbose', '--cfg-options', 'experiment_name=loud'])
    printed = capsys.readouterr()
    assert 'Epoch(train)' in printed.out and 'trained 1 epoch' not in printed.out


def test_a_terminal_has_one_line_that_changes(capsys, monkeypatch):
    monkeypatch.setattr('sys.stderr.isatty', lambda: True, raising=False)
    line = console.ProgressLine()
    line.show('step 1')
    line.show('step 2')
    line.clear()
    assert capsys.readouterr().err == '\r\033[Kstep 1\r\033[Kstep 2\r\033[K'


@pytest.mark.parametrize('name, command', [
    ('hico_lstm_nwucla_small', 'hico-mm train hico_nwucla_small_linear --pretrained c.pth'),
    ('hico_nwucla_small_linear', 'hico-mm test hico_nwucla_small_linear c.pth'),
    ('my_own', 'hico-mm info c.pth')])
def test_the_next_command_exists(name, command):
    assert console.next_command(name, 'c.pth') == command


def test_a_training_for_a_number_of_steps_shows_steps_and_no_epochs(make_runner, tmp_path, monkeypatch, capsys):
    config = make_runner('steps').cfg
    config.train_cfg = dict(type='IterBasedTrainLoop', max_iters=5, val_interval=5)
    config.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=5)
    config.log_processor = dict(by_epoch=False)
    config.dump(tmp_path / 'steps.py')
    monkeypatch.delenv(console.VERBOSE)
    assert train.main([str(tmp_path / 'steps.py'), '--work-dir', str(tmp_path / 's')]) == 0
    printed = capsys.readouterr()
    assert re.search(r'^step 1/5; loss [\d.]+; ', printed.err, re.M) and 'epoch' not in printed.err
    assert re.search(r'^trained 5 steps; last validation: k-NN .*\ncheckpoint: .*/iter_5.pth$', printed.out, re.M)


def test_runs_that_begin_in_the_same_second_have_logs_of_their_own(make_runner):
    runners = [make_runner('same') for _ in range(2)]
    assert len({runner.experiment_name for runner in runners}) == len({runner.log_dir for runner in runners}) == 2
    assert runners[0].visualizer is not runners[1].visualizer
    assert runners[0].message_hub is not runners[1].message_hub
    assert runners[0]._is_taken(runners[1].timestamp) and not runners[0]._is_taken('20000101_000000')
