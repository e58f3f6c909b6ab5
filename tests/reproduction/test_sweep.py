"""Comparison of settings without test splits."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from rich.console import Console

from hico_mm.errors import UserError
from hico_mm.evaluation import encode
from hico_mm.fileio import dump_pickle
from hico_mm.models import SkeletonRecognizer
from hico_mm.reproduction import few_labels, sweep, sweep_run, sweep_table
from hico_mm.reproduction.trial import read_part
from tests.conftest import ROOT

FINETUNING = ROOT / 'configs/hico/finetune/hico_nwucla_finetune.py'

TABLE = '''
small = {{'model.backbone.channels': 16, 'model.projector.hidden_channels': 16, 'model.projector.out_channels': 8}}
datasets = dict(
    a=dict(ann_file='{path}', split='train', test='val', held='[01]$', layout='ntu', num_classes=4),
    b=dict(ann_file='{path}', split='train', held='[2345]$', layout='ntu', num_classes=4))
settings = dict(
    untrained=dict(base='{base}', steps=0, options=small),
    raw=dict(base='{base}', raw=True),
    trained=dict(base='{base}', options={{
        **small, 'optim_wrapper.optimizer': dict(_delete_=True, type='SGD', lr=1e-3)}}))
steps = 4
seeds = [0]
'''


@pytest.fixture
def table(tmp_path, annotation_file):
    base = Path(__file__).parents[2] / 'configs/hico/hico_lstm_nwucla_small.py'
    path = tmp_path / 'table.py'
    path.write_text(TABLE.format(path=annotation_file(), base=base))
    return path


@pytest.fixture
def refused(capsys):
    """Check that a command line is refused with a sentence."""

    def check(arguments, said):
        try:
            status = sweep.main(arguments)
        except SystemExit as stop:
            status = stop.code
        assert status and said in capsys.readouterr().err

    return check


def test_runs_what_is_missing_and_never_reads_the_test_split(table, tmp_path, capsys):
    out = tmp_path / 'runs.jsonl'
    sweep.main([str(table), '--out', str(out), '--part', '1/2'])
    assert len(list(sweep.read(out))) == 3
    out.write_text(out.read_text() + '{"dataset": "a", "sett')  # the process was killed while it wrote
    with out.open('a') as file:
        file.write('\n')
    sweep.main([str(table), '--out', str(out)])
    rows = list(sweep.read(out))
    assert len({(row['dataset'], row['setting'], row['seed']) for row in rows}) == len(rows) == 6
    assert {row['setting']: row['steps'] for row in rows} == dict(untrained=0, raw=0, trained=4)
    assert all(0 <= row[score] <= 100 for row in rows for score in sweep_table.SCORES)
    assert 'the test split is not read' in capsys.readouterr().out
    before = out.read_text()
    sweep.main([str(table), '--out', str(out)])
    assert out.read_text() == before
    assert 'trained' in capsys.readouterr().out


def test_held_out_clips_come_from_the_training_split(table, tmp_path):
    from hico_mm.datasets.annotation import read_annotation
    data = Config.fromfile(table).datasets.a
    whole = read_annotation(data.ann_file)
    divided = read_annotation(sweep_run.divide('a', data, tmp_path))
    assert {*divided.splits['fit'], *divided.splits['held']} == set(whole.splits['train'])
    assert not set(divided.splits['fit']) & set(divided.splits['held'])
    assert len(divided.clips) == len(whole.splits['train'])
    with pytest.raises(UserError, match='holds out 0 of the 12 clips of split "train"'):
        sweep_run.divide('c', dict(data, held='nothing'), tmp_path)


def test_summary_has_the_standard_error_over_seeds():
    rows = [dict(seed=seed, dataset=dataset, knn=value, linear=2 * value)
            for seed, values in enumerate(([10, 20], [30, 40])) for dataset, value in zip('ab', values)]
    assert sweep_table.summary(rows) == '25.0±10.0 / 50.0±20.0'
    assert sweep_table.summary(rows[:2]) == '15.0 / 30.0'
    assert sweep_table.summary(rows[:3]) == ''  # the second seed is not complete
    assert sweep_table.summary([rows[0], rows[3]]) == ''  # the seeds are on different datasets


def test_the_test_split_is_read_only_if_that_is_asked_for(table, refused, tmp_path, capsys):
    from hico_mm.datasets.annotation import read_annotation
    data, out = Config.fromfile(table).datasets.a, tmp_path / 'final.jsonl'
    whole = read_annotation(data.ann_file)
    divided = read_annotation(sweep_run.divide('a', data, tmp_path, test=True))
    assert (divided.splits['fit'], divided.splits['held']) == (whole.splits['train'], whole.splits['val'])
    arguments = [str(table), '--out', str(out), '--settings', 'raw', '--datasets', 'a']
    sweep.main([*arguments, '--test'])
    assert 'tested on split "val"' in capsys.readouterr().out
    assert [(row['setting'], row['dataset'], row['tested']) for row in sweep.read(out)] == [('raw', 'a', True)]
    refused(arguments, 'final.jsonl has runs with --test: choose another --out')
    refused([str(table), '--out', str(out), '--test'], 'the dataset b has no "test"')
    sweep.main([*arguments[:3], '--settings', 'trained', '--datasets', 'a', '--test'])
    refused([str(table), '--out', str(out), '--test', '--datasets', 'a', '--steps', '5'],
            'has a run of trained with 4 steps, not 5: choose another --out')
    table.write_text(table.read_text().replace('lr=1e-3', 'lr=1e-2'))
    refused([str(table), '--out', str(out), '--test', '--datasets', 'a'],
            'has a run of trained on a with other options than the table has now')
    table.write_text(table.read_text().replace('lr=1e-2', 'lr=1e-3').replace("held='[01]$'", "held='[2]$'"))
    refused([str(table), '--out', str(out), '--test', '--datasets', 'a'], 'on a with other options')
    refused([str(table), '--out', str(out), '--settings', 'other'],
            'has no other in settings: it has untrained, raw, trained')


@pytest.mark.parametrize('arguments, said', [
    (('--part', '3/2'), '3/2 is not a part'), (('--part', 'one'), 'one is not a part'),
    (('--points', '0'), '0 is not a whole number of at least 1'), (('--seeds', '-1'), '-1 is not a seed'),
    (('--steps', '4', '--settings', 'long'), 'does not apply to the setting long, which has 6 steps of its own'),
    (('gone.py', ), 'gone.py does not exist'), (('--out', 'table.py/runs.jsonl'), 'table.py is not a folder'),
    (('short.py', ), 'short.py has no settings')])
def test_mistakes_are_found_before_anything_is_trained(table, refused, monkeypatch, arguments, said):
    monkeypatch.chdir(table.parent)
    table.write_text(table.read_text() + "settings['long'] = dict(base='a.py', steps=6)\n")
    Path('short.py').write_text('datasets = dict()')
    place = [] if arguments[0].endswith('.py') else ['table.py']
    refused([*place, '--out', 'runs.jsonl', *arguments], said)
    assert not Path('runs.jsonl').exists()


def test_parts_stay_the_same_when_one_is_started_again(table, tmp_path):
    content, out = Config.fromfile(table), tmp_path / 'runs.jsonl'
    whole = sweep.missing(content, out)
    first, second = sweep.missing(content, out, 1, 2), sweep.missing(content, out, 2, 2)
    assert sorted([*first, *second]) == sorted(whole) and not {*first} & {*second}
    sweep.append(out, first[0]._asdict())
    assert (sweep.missing(content, out, 1, 2), sweep.missing(content, out, 2, 2)) == (first[1:], second)


def test_a_curve_ends_with_the_scores_of_the_run(table, refused, tmp_path):
    out = tmp_path / 'runs.jsonl'
    sweep.main([str(table), '--out', str(out), '--datasets', 'b', '--settings', 'trained', '--seeds', '0',
                '--points', '2'])
    row, = sweep.read(out)
    assert [point['step'] for point in row['curve']] == [2, 4] and row['steps'] == 4
    assert row['curve'][-1] == dict(step=4, knn=row['knn'], linear=row['linear'])
    sweep.append(out, {key: value for key, value in row.items() if key != 'curve'})
    refused([str(table), '--out', str(out), '--points', '2'],
            'has a run of trained without scores during the training')


def test_clips_without_copies_are_scored_too(table, tmp_path):
    """The raw coordinates of every second test clip, scored apart."""
    from hico_mm.datasets.annotation import read_annotation
    path = Config.fromfile(table).datasets.a.ann_file
    annotation = read_annotation(path)
    splits = dict(annotation.splits, few=annotation.splits['val'][::2])
    dump_pickle(dict(split=splits, annotations=annotation.clips), path)
    table.write_text(table.read_text().replace("test='val'", "test='val', distinct='few'"))
    arguments = [str(table), '--datasets', 'a', '--settings', 'raw', '--seeds', '0', '--test', '--out']
    sweep.main([*arguments, str(tmp_path / 'runs.jsonl')])
    table.write_text(table.read_text().replace("test='val', distinct='few'", "test='few'"))
    sweep.main([*arguments, str(tmp_path / 'few.jsonl')])
    (row, ), (few, ) = (sweep.read(tmp_path / name) for name in ('runs.jsonl', 'few.jsonl'))
    assert (row['knn_distinct'], row['linear_distinct']) == (few['knn'], few['linear'])
    assert 'knn_distinct' not in few


@pytest.mark.parametrize('base', [None, ROOT / 'configs/hico/demo/hico_stgcn_demo.py'], ids=('lstm', 'stgcn'))
def test_few_labels_finetune_the_encoder_that_was_trained(base, table, tmp_path, monkeypatch):
    """A subset that occurs twice is trained on once; finetuning starts from the trained weights."""
    data, trained = Config.fromfile(table).datasets.a, Config.fromfile(table).settings.trained
    setting = dict(base=base) if base else trained  # MMEngine would initialise a graph network again
    runner = sweep_run.build(data, setting, 4, 0, sweep_run.divide('a', data, tmp_path / 'parts'), tmp_path)
    runner.train()
    weights = {key: value.clone() for key, value in runner.model.state_dict().items()
               if key.startswith(('backbone', 'neck'))}
    begun = []
    monkeypatch.setattr(SkeletonRecognizer, 'train_step', look_and_then(SkeletonRecognizer.train_step, begun))
    fit, held = (encode(runner.model, runner.build_dataloader(read_part(runner.cfg, part))) for part in ('fit', 'held'))
    rows = few_labels.train_with_few_labels(runner, fit, held, dict(
        base=FINETUNING, fractions=[0.01, 0.02, 1], draws=2, steps=[1, 2]))
    assert [(row['fraction'], row['draw'], row['steps']) for row in rows] == [
        (0.01, 0, 1), (0.01, 0, 2), (0.01, 1, 1), (0.01, 1, 2), (1, 0, 1), (1, 0, 2)]
    assert rows[0]['clips'] == 4 and rows[-1]['clips'] == len(fit.labels)
    assert all(0 <= row[score] <= 100 for row in rows for score in few_labels.SCORES)
    states = first_states(begun)
    assert weights and all(torch.equal(state[key], weights[key]) for key in weights for state in states)


def look_and_then(step, states):
    """Record the weights at each step: pairs of a model and its weights."""

    def train_step(self, *args, **kwargs):
        states.append((self, {key: value.clone() for key, value in self.state_dict().items()}))
        return step(self, *args, **kwargs)

    return train_step


def first_states(begun):
    """The weights at the first step of each model."""
    models = list(dict.fromkeys(model for model, _ in begun))
    assert len(models) == 6
    return [next(state for other, state in begun if other is model) for model in models]


def test_labelled_subsets_have_a_table_of_means_and_deviations():
    scores = [(10, 20, 30), (20, 40, 30)]
    rows = [dict(setting='few', labels=[dict(zip(few_labels.SCORES, values), clips=4, steps=9)]) for values in scores]
    console = Console(width=100, record=True)
    console.print(sweep_table.table_of_labels(rows, 'title'))
    shown = console.export_text()
    assert re.search(r'few +│ 4 +│ 9 +│ 15.0±5.0 +│ 30.0±10.0 +│ 30.0±0.0', shown), shown


def test_a_part_that_a_setting_replaces_is_replaced_in_every_run(table, tmp_path):
    content = Config.fromfile(table)
    data, setting = content.datasets.a, content.settings.trained
    path = sweep_run.divide('a', data, tmp_path)
    for seed in 0, 1:
        runner = sweep_run.build(data, setting, 4, seed, path, tmp_path)
        assert runner.cfg.optim_wrapper.optimizer == dict(type='SGD', lr=1e-3)


def test_a_row_after_one_that_was_cut_off_is_kept(tmp_path):
    out = tmp_path / 'runs.jsonl'
    out.write_text('{"a": 1}\n{"b": 2, "cu')
    sweep.append(out, {'c': 3})
    assert list(sweep.read(out)) == [{'a': 1}, {'c': 3}]
