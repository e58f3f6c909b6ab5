"""What `tools/train.py` says, run as a user runs it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from hico_mm.checkpoints import load_checkpoint
from hico_mm.checkpoints.resume import find_last
from hico_mm.cli import train
from hico_mm.engine import training
from tests.conftest import ROOT


@pytest.fixture
def start(make_runner, tmp_path):
    """Start `tools/train.py` on tiny data."""
    runtime = Config.fromfile(ROOT / 'configs' / '_base_' / 'default_runtime.py')
    config = make_runner('unused', epochs=3, workers=1).cfg
    config.default_hooks.checkpoint = runtime.default_hooks.checkpoint
    config.default_hooks.interrupt = runtime.default_hooks.interrupt
    config.custom_imports = runtime.custom_imports
    config.dump(tmp_path / 'tiny.py')

    def process(*args):
        return subprocess.Popen(
            [sys.executable, ROOT / 'tools' / 'train.py', tmp_path / 'tiny.py', '--work-dir', tmp_path / 'work',
             *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    return process


def interrupt_after(path, process):
    """Press Ctrl-C, which every process of the terminal gets, once a file is there; returns what was printed."""
    while not path.exists():
        assert process.poll() is None, process.stdout.read()
        time.sleep(.05)
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)[0]


@pytest.mark.slow
def test_an_interrupted_run_says_how_to_go_on_and_does(start, tmp_path):
    work = tmp_path / 'work'
    process = start('--cfg-options', 'train_cfg.max_epochs=10000')
    printed = interrupt_after(work / 'epoch_3.pth', process)
    assert process.returncode == 130, printed
    last = find_latest_checkpoint(str(work))
    advice = f'the last checkpoint is {last.split("/")[-1]} in {work}: to continue, run the same command with'
    assert printed.rstrip().endswith(f'{advice} --resume')  # the last word: no traceback after it
    epoch = load_checkpoint(last)['meta']['epoch']
    assert len(list(work.glob('epoch_*.pth'))) <= 3 and not list(work.glob('.epoch*'))
    process = start('--resume', '--cfg-options', f'train_cfg.max_epochs={epoch + 1}')
    printed = process.communicate()[0]
    assert process.returncode == 0 and f'resumed epoch: {epoch},' in printed
    assert (work / f'epoch_{epoch + 1}.pth').exists()


@pytest.mark.parametrize('options, sentence', [
    (('--auto-scale-lr', ), 'has no auto_scale_lr with a base batch size'),
    (('--pretrained', 'none.pth'), 'none.pth does not exist'),
    (('--cfg-options', 'load_from=gone.pth'), 'gone.pth, from which'),
    (('--epochs', '0'), '--epochs must be at least 1'),
    (('--resume', 'a.pth', '--pretrained', 'none'), 'give only one of them'),
])
def test_options_that_cannot_be(make_runner, tmp_path, capsys, options, sentence):
    make_runner('tiny').cfg.dump(tmp_path / 'tiny.py')
    try:
        assert train.main([str(tmp_path / 'tiny.py'), *options]) == 1
    except SystemExit as stop:  # argparse's own
        assert stop.code == 2
    assert sentence in capsys.readouterr().err


def test_no_encoder_has_a_remedy(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = str(ROOT / 'configs/hico/linear/hico_nwucla_linear.py')
    for options, sentence in (((), 'takes its encoder from a checkpoint: give --pretrained CKPT'),
                              (('--pretrained', 'none'), 'give the pretraining config instead'),
                              (('--resume', '--work-dir', 'nowhere'), '--resume found no checkpoint in nowhere')):
        assert train.main([config, *options]) == 1
        printed = capsys.readouterr().err
        assert sentence in printed and 'Traceback' not in printed and printed.count('error: ') == 1
        assert not Path('nowhere').exists()


def test_untrained_means_untrained_where_a_config_names_a_checkpoint(make_runner, tmp_path):
    config = make_runner('tiny').cfg
    config.load_from = 'gone.pth'
    config.dump(tmp_path / 'tiny.py')
    args = train.parse_args([str(tmp_path / 'tiny.py'), '--pretrained', 'none', '--work-dir', str(tmp_path / 'w')])
    made = training.make_config(args)
    (tmp_path / 'w').mkdir()
    training.complete(made, args)
    assert made.load_from is None and made.default_hooks.frozen_weights.allow_untrained


def test_options_that_are_given_twice_are_joined(make_runner, tmp_path):
    make_runner('tiny').cfg.dump(tmp_path / 'tiny.py')
    made = training.make_config(train.parse_args([
        str(tmp_path / 'tiny.py'), '--cfg-options', 'train_dataloader.batch_size=3', '--seed', '7', '--cfg-options',
        'train_cfg.max_epochs=9']))
    assert (made.train_dataloader.batch_size, made.train_cfg.max_epochs, made.randomness.seed) == (3, 9, 7)


def test_a_new_run_in_a_used_folder_is_not_resumed_from_the_earlier_one(make_runner, tmp_path, monkeypatch, capsys):
    """The checkpoints of the earlier run are of later epochs, and have other weights."""
    monkeypatch.chdir(tmp_path)
    make_runner('tiny', epochs=2).cfg.dump(tmp_path / 'tiny.py')
    assert train.main(['tiny.py', '--work-dir', 'w']) == 0
    assert find_last('w').path == Path('w/epoch_2.pth')
    assert train.main(['tiny.py', '--work-dir', 'w', '--epochs', '1', '--seed', '1']) == 0
    assert 'note: w has checkpoints of an earlier run' in capsys.readouterr().err
    assert Path('w/epoch_2.pth').exists() and find_last('w').path == Path('w/epoch_1.pth')
    assert list(Path('w').rglob('*_superseded_1'))  # so that the curves of the two runs are not mixed
    Path('w/epoch_1.pth').unlink()  # as if the second run had been started by mistake, and stopped at once
    capsys.readouterr()
    assert train.main(['tiny.py', '--work-dir', 'w', '--resume']) == 1
    assert 'w/epoch_2.pth belongs to an earlier run' in capsys.readouterr().err
    assert train.main(['tiny.py', '--work-dir', 'w', '--epochs', '3', '--resume', 'w/epoch_2.pth']) == 0


def test_a_run_that_goes_on_from_an_earlier_checkpoint_is_resumed_from_its_own(make_runner, tmp_path, monkeypatch,
                                                                               capsys):
    monkeypatch.chdir(tmp_path)
    make_runner('tiny', epochs=3).cfg.dump(tmp_path / 'tiny.py')
    assert train.main(['tiny.py', '--work-dir', 'w']) == 0
    shutil.copytree('w', 'copy')
    assert train.main(['tiny.py', '--work-dir', 'w', '--epochs', '2', '--resume', 'w/epoch_1.pth']) == 0
    assert 'note: w has checkpoints of an earlier run' in capsys.readouterr().err
    assert Path('w/epoch_3.pth').exists() and find_last('w').path == Path('w/epoch_2.pth')
    Path('w/epoch_2.pth').unlink()  # as if it had been stopped before its first checkpoint
    assert find_last('w').path == Path('w/epoch_1.pth')
    Path('w').rename('moved')
    assert find_last('moved').path == Path('moved/epoch_1.pth')
    assert train.main(['tiny.py', '--work-dir', 'moved', '--epochs', '4', '--resume', 'copy/epoch_2.pth']) == 0
    assert find_last('moved').path == Path('moved/epoch_4.pth')
    for number in (3, 4):
        Path(f'moved/epoch_{number}.pth').unlink()
    assert find_last('moved').path == tmp_path / 'copy/epoch_2.pth'
    capsys.readouterr()
    assert train.main(['tiny.py', '--work-dir', 'copy', '--epochs', '4', '--resume', 'copy/epoch_3.pth']) == 0
    assert 'earlier run' not in capsys.readouterr().err  # it is the newest one: the run goes on


def test_a_run_is_only_resumed_with_the_encoder_it_started_from(make_runner, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_runner('tiny', epochs=1).cfg.dump(tmp_path / 'tiny.py')
    for folder, seed in ('a', '1'), ('b', '2'):
        assert train.main(['tiny.py', '--work-dir', folder, '--seed', seed]) == 0
    command = ['tiny.py', '--work-dir', 'w', '--epochs', '2', '--resume', '--pretrained']
    assert train.main([*command, 'a/epoch_1.pth']) == 0
    shutil.copy('a/epoch_1.pth', 'renamed.pth')
    assert train.main([*command, 'renamed.pth']) == 0
    capsys.readouterr()
    for other, sentence in (('b/epoch_1.pth', 'started from epoch_1.pth, not from b/epoch_1.pth as it is now'),
                            ('tiny.py', 'not from tiny.py'), ('gone.pth', 'gone.pth does not exist')):
        assert train.main([*command, other]) == 1
        assert sentence in capsys.readouterr().err
    assert train.main(['tiny.py', '--work-dir', 'a', '--resume', '--pretrained', 'b/epoch_1.pth']) == 1
    assert 'started from an untrained encoder' in capsys.readouterr().err
    assert train.main([*command[:3], '--cfg-options', 'load_from=a/epoch_1.pth', '--pretrained', 'b/epoch_1.pth']) == 1
    assert 'both say where training starts' in capsys.readouterr().err


def test_checkpoints_that_cannot_be_used_are_not_written_over(make_runner, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_runner('tiny').cfg.dump(tmp_path / 'tiny.py')
    Path('w').mkdir()
    Path('w/epoch_7.pth').write_bytes(b'half')
    assert train.main(['tiny.py', '--work-dir', 'w', '--resume']) == 1
    assert 'none of the 1 checkpoint(s) in w can be resumed from' in capsys.readouterr().err


@pytest.mark.parametrize(('launcher', 'variable'), [('pytorch', 'RANK'), ('slurm', 'SLURM_PROCID'),
                                                    ('mpi', 'OMPI_COMM_WORLD_RANK')])
def test_the_first_process_is_that_of_the_launcher(launcher, variable, monkeypatch):
    monkeypatch.setenv(variable, '1')
    assert not training.is_first(launcher) and training.is_first('none')
    monkeypatch.setenv(variable, '0')
    assert training.is_first(launcher)
