"""`reproduce.py`: what it plans, and a whole small matrix."""

import fcntl
import json
import re
import shlex

import pytest
import torch
from conftest import ROOT
from helpers import make_annotation
from mmaction.registry import MODELS
from mmengine.config import Config, DictAction

from hico_mm.utils import dump_pickle


@pytest.fixture
def reproduce(load_tool, monkeypatch, capsys):
    tool = load_tool('reproduce.py')

    def run(*args):
        monkeypatch.setattr('sys.argv', ['reproduce.py', *map(str, args)])
        code = tool.main()
        return code, *capsys.readouterr()

    return run


def options_of(command):
    """What ``--cfg-options`` of a command says, as argparse reads it."""
    words = shlex.split(command)
    pairs = words[words.index('--cfg-options') + 1:]
    return {key: DictAction._parse_iterable(value) for key, value in (pair.split('=', 1) for pair in pairs)}


def test_the_plan_of_everything(reproduce):
    code, printed, _ = reproduce(
        '--encoder', 'gru', '--dataset', 'ntu60', '--streams', 'joint', 'bone', '--seeds', 0, 1, '--plan')
    commands = printed.splitlines()
    # By seed and stream: pretraining, linear, two dumps, k-NN, finetuning, transfer, five draws of 1 % and of 10 %.
    assert code == 0 and len(commands) == 2 * 2 * (7 + 10)
    first = shlex.split(commands[0])
    assert first[:3] == ['python', 'tools/train.py', 'configs/hico/hico_gru_ntu60.py'] and '--epochs' in first
    assert all((ROOT / shlex.split(command)[2]).exists() for command in commands)
    for command in commands[1:17]:
        assert 'ntu60/gru/hico/joint/seed0' in command
        assert options_of(command)['model.data_preprocessor.stream'] == 'joint'
    transfer, = (command for command in commands[:17] if 'transfer' in command)
    assert '--pretrained' in transfer and '/ntu60/gru/hico/joint/seed0/pretrain/epoch_451.pth' in transfer


@pytest.mark.parametrize('args, said', [
    (('--dataset', 'nwucla', '--tasks', 'transfer'), 'transfer to pku2 is from ntu60 or pku1'),
    (('--dataset', 'nwucla', '--tasks', 'fusion'), 'fusion needs two --streams'),
    (('--dataset', 'pku1', '--tasks', 'ablations'), 'ablations are of gru_nwucla, transformer_ntu60'),
])
def test_what_cannot_be_planned(reproduce, capsys, args, said):
    with pytest.raises(SystemExit):
        reproduce('--encoder', 'gru', *args, '--plan')
    assert said in capsys.readouterr().err


def test_a_folder_that_is_worked_in_is_left_alone(reproduce, tmp_path):
    folder = tmp_path / 'nwucla' / 'gru'
    folder.mkdir(parents=True)
    with (folder / '.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, said = reproduce('--encoder', 'gru', '--dataset', 'nwucla', '--out', tmp_path)
    assert code == 1 and f'{folder} is being worked in by another reproduce.py' in said
    assert [path.name for path in folder.iterdir()] == ['.lock']


def test_an_ablations_encoder_is_built_alike_downstream(reproduce):
    """The options of the commands make the linear model fit the checkpoint of each ablation."""
    printed = reproduce('--encoder', 'gru', '--dataset', 'nwucla', '--tasks', 'ablations', '--plan')[1]
    commands = [command for command in printed.splitlines() if '/linear ' in command]
    variants = [re.search(r'gru/([\w-]+)/joint/seed0/linear', command)[1] for command in commands]
    assert sorted(variants) == sorted(['hico', 'temporal', 'spatial', 'instance', 'domain', 'granularities1',
                                       'granularities2', 'granularities3', 'paper-udm', 'released-queue'])
    for variant, command in zip(variants, commands):
        name = 'hico_gru_nwucla' if variant == 'hico' else f'ablations/hico_gru_nwucla_{variant}'
        pretrained = Config.fromfile(ROOT / 'configs/hico' / f'{name}.py').model
        linear = Config.fromfile(ROOT / shlex.split(command)[2])
        linear.merge_from_dict(options_of(command))
        for model in pretrained, linear.model:  # narrow, to be built fast
            model.backbone.channels = 16
        shapes = [{key: weight.shape for key, weight in MODELS.build(model).state_dict().items()
                   if key.startswith(('backbone', 'neck'))} for model in (pretrained, linear.model)]
        assert shapes[0] == shapes[1], variant


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
    draws = [100 * row['top1'] for row in rows if (row['task'], row['stream']) == ('semi10', 'joint')]
    spread = torch.tensor(draws).std()  # of one seed, so of its draws
    row = f'| semi10 | HiCo | joint | {sum(draws) / 2:.1f} ± {spread:.1f} | 2 (1) | - |'
    assert row in (folder / 'results.md').read_text()
    code, printed, _ = reproduce('--tasks', 'linear', *args)  # what is there stays in the table
    assert code == 0 and row in printed
    assert not reproduce('--plan', '--tasks', 'fusion', 'semi10', *args)[1]
    assert 'give another --out' in reproduce('--plan', '--tasks', 'linear', *args, 'model.momentum=1')[2]
