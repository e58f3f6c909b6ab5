"""Comparison of settings without test splits."""

from pathlib import Path

import pytest

from hico_mm.errors import UserError
from hico_mm.reproduction import sweep

TABLE = '''
small = {{'model.backbone.channels': 16, 'model.projector.hidden_channels': 16, 'model.projector.out_channels': 8}}
datasets = dict(
    a=dict(ann_file='{path}', split='train', test='val', held='[01]$', layout='ntu', num_classes=4),
    b=dict(ann_file='{path}', split='train', held='[2345]$', layout='ntu', num_classes=4))
settings = dict(
    untrained=dict(base='{base}', steps=0, options=small),
    raw=dict(base='{base}', raw=True),
    trained=dict(base='{base}', options={{**small, 'optim_wrapper.optimizer.lr': 1e-3}}))
steps = 4
seeds = [0, 1]
'''


@pytest.fixture
def table(tmp_path, annotation_file):
    base = Path(__file__).parents[2] / 'configs/hico/hico_lstm_nwucla_small.py'
    path = tmp_path / 'table.py'
    path.write_text(TABLE.format(path=annotation_file(), base=base))
    return path


def test_runs_what_is_missing_and_never_reads_the_test_split(table, tmp_path, capsys):
    out = tmp_path / 'runs.jsonl'
    sweep.main([str(table), '--out', str(out), '--part', '1/2'])
    assert len(list(sweep.read(out))) == 6
    out.write_text(out.read_text() + '{"dataset": "a", "sett')  # the process was killed while it wrote
    with out.open('a') as file:
        file.write('\n')
    sweep.main([str(table), '--out', str(out)])
    rows = list(sweep.read(out))
    assert len({(row['dataset'], row['setting'], row['seed']) for row in rows}) == len(rows) == 12
    assert {row['setting']: row['steps'] for row in rows} == dict(untrained=0, raw=0, trained=4)
    assert all(0 <= row[score] <= 100 for row in rows for score in sweep.SCORES)
    assert 'the test split is not read' in capsys.readouterr().out
    before = out.read_text()
    sweep.main([str(table), '--out', str(out)])
    assert out.read_text() == before
    assert 'trained' in capsys.readouterr().out


def test_held_out_clips_come_from_the_training_split(table, tmp_path):
    from mmengine.config import Config

    from hico_mm.datasets.annotation import read_annotation
    data = Config.fromfile(table).datasets.a
    whole = read_annotation(data.ann_file)
    divided = read_annotation(sweep.divide('a', data, tmp_path))
    assert {*divided.splits['fit'], *divided.splits['held']} == set(whole.splits['train'])
    assert not set(divided.splits['fit']) & set(divided.splits['held'])
    assert len(divided.clips) == len(whole.splits['train'])
    with pytest.raises(UserError, match='holds out 0 of the 12 clips of split "train"'):
        sweep.divide('c', dict(data, held='nothing'), tmp_path)


def test_summary_has_the_standard_error_over_seeds():
    rows = [dict(seed=seed, knn=value, linear=2 * value) for seed, values in enumerate(([10, 20], [30, 40]))
            for value in values]
    assert sweep.summary(rows) == '25.0±10.0 / 50.0±20.0'
    assert sweep.summary(rows[:2]) == '15.0 / 30.0'
    assert sweep.summary(rows[:3]) == ''  # the second seed is not complete


def test_the_test_split_is_read_only_if_that_is_asked_for(table, tmp_path, capsys):
    from mmengine.config import Config

    from hico_mm.datasets.annotation import read_annotation
    data, out = Config.fromfile(table).datasets.a, tmp_path / 'final.jsonl'
    whole, divided = (read_annotation(path) for path in (data.ann_file, sweep.divide('a', data, tmp_path, test=True)))
    assert (divided.splits['fit'], divided.splits['held']) == (whole.splits['train'], whole.splits['val'])
    arguments = [str(table), '--out', str(out), '--settings', 'raw', '--datasets', 'a']
    sweep.main([*arguments, '--test'])
    assert 'tested on split "val"' in capsys.readouterr().out
    assert [(row['setting'], row['dataset'], row['tested']) for row in sweep.read(out)] == [('raw', 'a', True)] * 2
    with pytest.raises(UserError, match='final.jsonl has runs with --test: choose another --out'):
        sweep.main(arguments)
    with pytest.raises(UserError, match='the dataset b has no "test"'):
        sweep.main([str(table), '--out', str(out), '--test'])
    with pytest.raises(UserError, match='has a run of trained with 4 steps, not 5: choose another --out'):
        out.write_text('{"setting": "trained", "asked": 4, "tested": true}\n')
        sweep.main([str(table), '--out', str(out), '--test', '--datasets', 'a', '--steps', '5'])
    with pytest.raises(UserError, match='has no other in settings: it has untrained, raw, trained'):
        sweep.main([str(table), '--out', str(out), '--settings', 'other'])
