"""`hico-mm`: its commands, and configs that are found by name."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hico_mm.cli import main as module
from hico_mm.cli.main import COMMANDS, main
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from hico_mm.shipped import CONFIGS, find_config, shipped_configs
from hico_mm.wiring import load_config
from tests.conftest import ROOT
from tests.helpers import make_annotation


@pytest.mark.parametrize('name', COMMANDS)
def test_the_help_of_a_command_has_an_example_of_it(name, capsys):
    with pytest.raises(SystemExit) as stop:
        main([name, '--help'])
    printed = capsys.readouterr().out
    assert stop.value.code == 0 and f'usage: hico-mm {name} ' in printed
    assert re.search(rf'^    hico-mm {name}\b', printed, re.MULTILINE)


def test_help_lists_the_commands(capsys):
    assert main([]) == 2
    printed = capsys.readouterr().out
    assert all(re.search(rf'^  {name}  ', printed, re.MULTILINE) for name in COMMANDS)


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['trian'])
    assert stop.value.code == 2 and "invalid choice: 'trian'" in capsys.readouterr().err


@pytest.mark.parametrize('name', [
    'hico_gru_ntu60', 'hico_gru_ntu60.py', 'hico/hico_gru_ntu60.py', 'configs/hico/hico_gru_ntu60.py'])
def test_a_config_is_found_by_name_in_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == CONFIGS / 'hico' / 'hico_gru_ntu60.py'
    assert load_config(name).model.type == 'HiCo'


def test_a_file_goes_before_the_config_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'hico_gru_ntu60.py').write_text('')
    assert find_config('hico_gru_ntu60.py').resolve() == tmp_path / 'hico_gru_ntu60.py'


def test_each_config_has_a_name_of_its_own():
    names = [path.stem for path in shipped_configs()]
    assert len(names) > 60 and len(set(names)) == len(names)


@pytest.mark.parametrize('name', ['hico_gru_ntu6', 'configs/knn/hico_gru_ntu60.py', '', '.', '[a-z]*'])
def test_a_name_of_no_config_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match='does not exist'):
        load_config(name)


def test_info_of_an_annotation_and_of_the_environment(command, tmp_path):
    path = tmp_path / 'mine.pkl'
    dump_pickle(make_annotation(), path)
    code, printed, _ = command(main, 'info', path)
    assert code == 0 and 'clips     ' in printed
    code, printed, _ = command(main, 'info')
    assert code == 0 and re.search(r'^torch +\d', printed, re.MULTILINE) and str(CONFIGS) in printed


def test_demo_is_reproduce_with_its_settings(monkeypatch):
    calls = []
    monkeypatch.setattr('hico_mm.cli.reproduce.run', lambda args: calls.append(args) or 0)
    assert main(['demo', '--epochs', '3', '--seed', '5']) == 0
    assert calls[0].epochs == 3 and calls[0].out == Path('work_dirs/quickstart_demo/epochs3_seed5').resolve()


def test_demo_ends_with_a_report(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    calls = []
    monkeypatch.setattr('hico_mm.cli.reproduce.run', lambda args: 0)
    monkeypatch.setattr('hico_mm.cli.report.run', lambda args: calls.append(args) or 0)
    out = Path('work_dirs/quickstart_demo/epochs3_seed0')
    runs = [out / 'demo/lstm/hico/joint+motion/seed0' / task for task in ('pretrain', 'linear')]
    for run in runs:
        run.mkdir(parents=True)
    assert main(['demo', '--epochs', '3']) == 0
    assert calls[0].work_dirs == list(map(str, runs)) and calls[0].out == out / 'report.html'
    monkeypatch.setattr('importlib.util.find_spec', lambda name, *rest: None)
    assert main(['demo', '--epochs', '3']) == 0 and len(calls) == 1
    assert f'hico-mm report {runs[0]} {runs[1]} --out {out / "report.html"}' in capsys.readouterr().out


@pytest.mark.parametrize('line, wanted', [
    ('hico-mm tr', ['train']), ('hico-mm fuse --wei', ['--weights']), ('hico-mm train hico_gru_nwu', [
        'hico_gru_nwucla', 'hico_gru_nwucla_small']), ('hico-mm convert . --format pk', ['pku1', 'pku2'])])
def test_a_shell_completes_words(line, wanted, tmp_path):
    answer = tmp_path / 'answer'
    program = tmp_path / 'hico-mm'  # under this name, the package does not load torch
    program.write_text(f'import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom hico_mm.cli.main import main; main()')
    environment = dict(os.environ, _ARGCOMPLETE='1', COMP_LINE=line, COMP_POINT=str(len(line)), COMP_TYPE='9',
                       _ARGCOMPLETE_IFS='\n', _ARGCOMPLETE_STDOUT_FILENAME=str(answer))
    subprocess.run([sys.executable, program], env=environment, timeout=120, capture_output=True)
    assert [word.strip() for word in answer.read_text().split('\n')] == wanted


def test_every_command_has_a_module():
    assert all((ROOT / 'hico_mm' / 'cli' / f'{name}.py').is_file() for name, _ in module.COMMANDS.values())


def test_commands_parse_their_arguments_before_torch_is_loaded(tmp_path):
    program = tmp_path / 'hico-mm'
    program.write_text(f"""import contextlib, io, sys
sys.path.insert(0, {str(ROOT)!r})
from hico_mm.cli.main import COMMANDS, main
for name in COMMANDS:
    for mistake in '--help', '--mistaken':
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()), \\
                contextlib.redirect_stderr(io.StringIO()):
            main([name, mistake])
print([package for package in ('torch', 'mmengine', 'mmaction') if package in sys.modules])
main(['info'])
""")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith('[]\n') and 'torch' in done.stdout, done.stderr


def test_commands_about_data_alone_do_not_load_torch(tmp_path):
    """Loading torch and MMAction2 takes seconds."""
    program = tmp_path / 'hico-mm'
    program.write_text(f"""import sys
sys.path.insert(0, {str(ROOT)!r})
from hico_mm.cli.main import main
for words in ('make-demo --out raw --num-subjects 3', 'convert raw --format ntu60 --out a.pkl --workers 2',
              'check a.pkl --layout ntu', 'info a.pkl', 'hold-out a.pkl --split xview_train --names R001 --out b.pkl'):
    assert main(words.split()) == 0, words
    assert not {{'torch', 'mmaction'}} & set(sys.modules), words
assert main('check b.pkl --config hico_gru_ntu60'.split()) == 0 and 'mmaction' in sys.modules
""")
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sys.version_info < (3, 10), reason='Python 3.9 does not say which module it looks for')
def test_the_package_run_as_a_module_does_not_load_torch_for_help():
    done = subprocess.run([sys.executable, '-X', 'importtime', '-m', 'hico_mm', 'train', '--help'],
                          env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    assert 'hico-mm train' in done.stdout and 'argparse' in done.stderr
    assert not re.search(r'\| +torch$', done.stderr, re.M)


def test_values_of_an_option_that_is_given_again_are_joined(tmp_path):
    def parsed(module, *words):
        return importlib.import_module(f'hico_mm.cli.{module}').parse_args(list(words))

    reproduce = ('--encoder', 'gru', '--dataset', 'ntu60')
    assert parsed('train', 'hico_gru_ntu60', '--with', 'a.py', '--with', 'b.py').fragments == ['a.py', 'b.py']
    assert parsed('reproduce', *reproduce, '--seeds', '3', '--seeds', '4').seeds == [3, 4]
    assert parsed('reproduce', *reproduce).seeds == [0]
    words = ('convert', str(tmp_path), '--format', 'openpose', '--out', 'a.pkl', '--split', 'subject')
    assert parsed(*words, '--test', 's1', '--test', 's2', 's3').test == ['s1', 's2', 's3']
    assert parsed('train', 'hico_gru_ntu60', '--epochs', '1', '--epochs', '2').epochs == 2


@pytest.mark.parametrize(('module', 'words', 'message'), [
    ('train', 'hico_gru_ntu60 --epochs 5', '--epochs and train_cfg.max_epochs both set the length'),
    ('reproduce', '--encoder gru --dataset ntu60', 'give --epochs for the length of pretraining')])
def test_the_length_of_a_training_is_given_once(module, words, message, capsys):
    command = importlib.import_module(f'hico_mm.cli.{module}')
    with pytest.raises(SystemExit):
        command.parse_args([*words.split(), '--cfg-options', 'train_cfg.max_epochs=7'])
    assert message in capsys.readouterr().err
