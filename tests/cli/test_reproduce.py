"""`reproduce.py`: what it plans, and a whole small matrix."""

import fcntl
import json
import shlex
from functools import partial

import pytest
import torch

from hico_mm.cli.reproduce import main, parse_args
from hico_mm.fileio import dump_pickle, write_json
from hico_mm.reproduction.plan import Plan, Setting
from hico_mm.reproduction.protocols import BASELINES, PROTOCOLS
from hico_mm.reproduction.results import comparison, table
from hico_mm.wiring import load_config
from tests.conftest import ROOT
from tests.helpers import make_annotation


@pytest.fixture
def reproduce(command):
    return partial(command, main)


def test_the_plan_of_everything(reproduce):
    code, printed, _ = reproduce(
        '--encoder', 'gru', '--dataset', 'ntu60', '--streams', 'joint', 'bone', '--seeds', 0, 1, '--plan')
    commands = printed.splitlines()
    # By seed and stream: pretraining, raw, untrained, linear, k-NN, finetuning, from scratch, transfer, two dumps, and
    # five draws of 1 % and of 10 %, pretrained and from scratch. By seed: nine
    # ablations, pretrained and evaluated twice.
    assert code == 0 and len(commands) == 2 * (2 * (10 + 20) + 9 * 3)
    first = shlex.split(commands[0])
    assert first[:3] == ['hico-mm', 'train', 'configs/hico/hico_gru_ntu60.py'] and '--epochs' in first
    assert all((ROOT / shlex.split(command)[2]).exists() for command in commands)
    lane = [command for command in commands if 'ntu60/gru/hico/bone/seed1' in command]
    stream = 'model.data_preprocessor.stream=bone'
    # Downstream takes the stream from the checkpoint or the config it starts from.
    assert [stream in command for command in lane] == [True] + 29 * [False]
    transfer, = (command for command in lane if 'hico_pku2_finetune' in command)
    assert '--pretrained' in transfer and '/ntu60/gru/hico/bone/seed1/pretrain/epoch_451.pth' in transfer
    scratch, = (command for command in lane if '/scratch ' in command)
    assert '/untrained.py' in scratch


def test_the_plan_for_2d_poses(reproduce):
    """The encoder is an option of the only config."""
    for encoder, option in (('gru', None), ('lstm', 'model.neck.encoder.type=LSTMEncoder')):
        commands = reproduce('--encoder', encoder, '--dataset', 'gym-2d', '--plan')[1].splitlines()
        first = shlex.split(commands[0])
        assert len(commands) == 4 and first[2] == 'configs/hico/hico_gym-2d.py'
        assert option in first if option else not any('encoder' in word for word in first[first.index('--epochs'):])
        assert any('raw_coordinates.py' in command for command in commands)
    assert 'download hmdb51_2d.pkl of MMAction2' in reproduce(
        '--encoder', 'gru', '--dataset', 'hmdb51-2d', '--tasks', 'linear')[2]


def test_options_of_the_model_are_for_pretraining_alone(reproduce):
    printed = reproduce('--encoder', 'lstm', '--dataset', 'demo', 'demo-xview', '--tasks', 'linear', 'knn', '--plan',
                        '--cfg-options', 'model.backbone.channels=96', 'train_dataloader.num_workers=1')[1]
    commands = printed.splitlines()
    assert ['channels=96' in command for command in commands] == 2 * [True, False, False]
    assert all('train_dataloader.num_workers=1' in command for command in commands)
    assert ['dataset.split=xview_train' in command for command in commands] == 3 * [False] + 3 * [True]


@pytest.mark.parametrize('args, said', [
    (('--dataset', 'nwucla', '--tasks', 'transfer'), 'transfer to pku2 is only available from ntu60 or pku1'),
    (('--dataset', 'nwucla', '--tasks', 'fusion'), 'fusion needs two or more --streams'),
    (('--dataset', 'demo', '--tasks', 'finetune'), 'finetune has no config for demo'),
    (('--dataset', 'nwucla', '--raw', 'nowhere'), '--raw: nowhere is not a folder'),
])
def test_what_cannot_be_planned(reproduce, capsys, args, said):
    with pytest.raises(SystemExit):
        reproduce('--encoder', 'gru', *args, '--plan')
    assert said in capsys.readouterr().err


def test_a_folder_that_is_worked_in_is_left_alone(reproduce, tmp_path, monkeypatch):
    monkeypatch.setattr('hico_mm.locks.PATIENCE', 0.2)
    folder = tmp_path / 'nwucla' / 'gru'
    folder.mkdir(parents=True)
    with (folder / '.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, said = reproduce('--encoder', 'gru', '--dataset', 'nwucla', '--out', tmp_path, '--cfg-options',
                                  'train_dataloader.dataset.ann_file=a.pkl')
    assert code == 1 and f'{folder} is in use by another process: wait until it ends' in said
    assert [path.name for path in folder.iterdir()] == ['.lock']


def test_data_that_is_not_there(reproduce, tmp_path):
    code, _, said = reproduce('--encoder', 'gru', '--dataset', 'pku1', '--out', tmp_path)
    assert code == 1 and 'data/pku/pku1.pkl does not exist: create it with hico-mm convert' in said


def test_baselines_alone_need_no_pretraining(reproduce):
    printed = reproduce('--encoder', 'gru', '--dataset', 'nwucla', '--tasks', *BASELINES, '--draws', 2, '--plan')[1]
    commands = printed.splitlines()
    assert len(commands) == 3 + 2 * 2 and not any('pretrain/' in command for command in commands)


def test_raw_untrained_and_trained_side_by_side():
    common = dict(encoder='lstm', dataset='demo', stream='joint+motion', seed=0)
    rows = [dict(common, task=task, variant=variant, top1=top1) for task, variant, top1 in (
        ('knn', 'raw coordinates', .5), ('knn', 'untrained encoder', .4), ('knn', '', .6), ('linear', '', .75))]
    assert comparison(dict(demo=rows[2:])) is None
    lines = [line.split() for line in comparison(dict(demo=rows)).splitlines()]
    assert lines[1][-3:] == ['50.0', '40.0', '60.0'] and lines[2][-3:] == ['-', '-', '75.0']
    assert '| knn | raw coordinates | joint+motion | 50.0 | 1 (1) | - |' in table(rows, 150)


@pytest.mark.slow
def test_a_small_matrix_is_run_in_two_goes_and_tabulated(reproduce, tmp_path):
    """Fusion of two streams of a narrow model, then with semi-supervised learning: what is there is kept."""
    annotation = make_annotation(layout='nw_ucla', num_persons=1)
    annotation['split'] = {f'xview_{name}': names for name, names in annotation['split'].items()}
    dump_pickle(annotation, tmp_path / 'a.pkl')
    options = [f'{split}_dataloader.dataset.ann_file={tmp_path / "a.pkl"}' for split in ('train', 'val', 'test')]
    options += ['model.backbone.channels=16', 'train_dataloader.batch_size=4', 'train_dataloader.num_workers=0',
                'train_dataloader.persistent_workers=False']
    args = ('--encoder', 'gru', '--dataset', 'nwucla', '--streams', 'joint', 'motion', '--epochs', 1, '--draws', 2,
            '--jobs', 2, '--out', tmp_path / 'out', '--cfg-options', *options)
    code, printed, error = reproduce('--tasks', 'fusion', *args)
    assert code == 0, printed + error
    folder = tmp_path / 'out/nwucla/gru'
    first = {path: path.stat().st_mtime_ns for path in folder.rglob('result.json') if '+' not in str(path)}
    assert len(first) == 2 * 4
    code, printed, _ = reproduce('--tasks', 'fusion', 'semi10', *args)
    assert code == 0 and all(path.stat().st_mtime_ns == time for path, time in first.items())
    rows = json.loads((folder / 'results.json').read_text())['results']
    assert sorted({(row['task'], row['stream']) for row in rows}) == [
        ('fusion', 'joint+motion'), ('fusion, weights searched', 'joint+motion'), ('linear', 'joint'),
        ('linear', 'motion'), ('semi10', 'joint'), ('semi10', 'motion')]
    code, printed, error = reproduce('--tasks', *BASELINES[:-1], *(word for word in args if word != 'motion'))
    assert code == 0, printed + error
    assert all(f'| {name} | joint |' in printed for name in (
        'linear | raw coordinates', 'knn | untrained encoder', 'finetune | from scratch', 'semi10 | from scratch'))
    draws = [100 * row['top1'] for row in rows if (row['task'], row['stream']) == ('semi10', 'joint')]
    spread = torch.tensor(draws).std()  # of one seed, so of its draws
    row = f'| semi10 | HiCo | joint | {sum(draws) / 2:.1f} ± {spread:.1f} | 2 (1) | - |'
    assert row in (folder / 'results.md').read_text()
    code, printed, _ = reproduce('--tasks', 'linear', *args)  # what is there stays in the table
    assert code == 0 and row in printed
    assert not reproduce('--plan', '--tasks', 'fusion', 'semi10', *args)[1]
    assert 'choose another --out' in reproduce('--plan', '--tasks', 'linear', *args, 'model.momentum=1')[2]


@pytest.mark.parametrize('first, options', [
    (('--tasks', 'linear', '--seeds', '0'), ('--epochs', '2')),
    (('--tasks', 'linear', '--seeds', '0'), ('--cfg-options', 'model.backbone.channels=16')),
    (('--tasks', 'untrained', '--seeds', '1'), ('--cfg-options', 'model.backbone.channels=16')),
    (('--tasks', 'scratch10', '--seeds', '1'), ('--cfg-options', 'train_dataloader.batch_size=4')),
])
def test_results_of_other_options_do_not_share_a_table(reproduce, tmp_path, first, options):
    common = ('--encoder', 'gru', '--dataset', 'nwucla', '--out', tmp_path, '--plan')
    parsed = parse_args([*map(str, common), *first])
    for lane in Plan(parsed.tasks).lanes('gru', 'nwucla', parsed.streams, parsed.seeds):
        for step in lane:
            write_json(step.options, tmp_path / step.name / 'step.json')
    assert reproduce(*common, *first)[0] == reproduce(*common, '--tasks', 'finetune', '--seeds', 1)[0] == 0
    if first[1] == 'linear':  # baselines do not depend on the length of pretraining
        assert reproduce(*common, '--tasks', 'untrained', '--seeds', 1, '--epochs', 2)[0] == 0
    code, _, said = reproduce(*common, '--tasks', 'linear', 'untrained', '--seeds', 1, *options)
    assert code == 1 and 'was made with other options' in said and 'choose another --out' in said


@pytest.mark.parametrize('dataset', sorted(PROTOCOLS))
def test_the_protocol_knows_the_stream_of_its_config(dataset):
    config = load_config(str(Setting('lstm', dataset).config))
    assert config.model.data_preprocessor.get('stream', 'joint') == PROTOCOLS[dataset].stream
