"""The benchmarks: that what it compares does the same, and a stage of it as a whole."""

import argparse
import json

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

from benchmarks import __main__ as benchmarks
from benchmarks import data, evaluation, plot_scaling, prepare, step
from hico_mm.converters.ntu import read_clip
from hico_mm.converters.ntu_benchmarks import parse_name
from tests.helpers import small_model


def test_the_plain_step_has_the_losses_and_gradients_of_ours():
    model = MODELS.build(small_model())
    plain = step.PlainStep(model)
    model.key_encoder.steps.fill_(1)  # the first update of ours would copy the query
    for _ in range(2):
        views = torch.randn(4, 2, *model.backbone.clip_shape)
        ours, theirs = model.parse_losses(model.loss(views))[0], plain(views)
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
        gradients = (torch.autograd.grad(loss, list(net.parameters())) for loss, net in (
            (ours, model.query_encoder), (theirs, plain.query)))
        for mine, other in zip(*gradients):
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def test_operations_are_counted_as_torch_counts_them():
    from torch.utils.flop_counter import FlopCounterMode
    model = MODELS.build(small_model(**{f'{part}_channels': 128 for part in ('projector.in', 'projector.hidden')},
                                     **{f'{part}.channels': 128 for part in ('backbone', 'neck')}))
    views = torch.randn(4, 2, *model.backbone.clip_shape)
    with FlopCounterMode(display=False) as counter:
        model.parse_losses(model.loss(views))[0].backward()
    # Of convolutions there are few, and torch counts depthwise ones as if they were dense.
    counted = sum(n for operation, n in counter.flop_counts['Global'].items() if 'convolution' not in str(operation))
    assert counted == pytest.approx(step.count_flops(model, 4), rel=0.02)


def test_a_plain_view_is_of_the_released_recipe():
    clip = np.random.default_rng(0).standard_normal((2, 50, 25, 3), dtype=np.float32)
    seen = set()
    for seed in range(40):
        view = data.plain_view(clip, np.random.default_rng(seed))
        assert view.shape == (2, 64, 25, 3)
        seen.add(int((view == 0).all((0, 1, 3)).sum()))
    assert seen == {0, 15}


def test_a_stage_is_measured_and_written(tmp_path, capsys):
    out = tmp_path / 'benchmark.json'
    benchmarks.main(['knn', '--queries', '20', '--gallery', '60', '--repeats', '1', '--out', str(out), '--device',
                     'cpu'])
    row, = json.loads(out.read_text())['rows']
    assert row['seconds'].keys() == {'sklearn', 'hico_mm'} and '100.00% equal answers' in row['note']
    assert all(row['spread'][path] == [seconds] * 2 for path, seconds in row['seconds'].items())  # a single turn
    assert 'sklearn' in capsys.readouterr().out


def test_without_scikit_learn_nothing_is_begun(monkeypatch, capsys):
    monkeypatch.setattr(benchmarks, 'find_spec', lambda name: None)
    with pytest.raises(SystemExit):
        benchmarks.main(['all'])
    assert 'pip install scikit-learn' in capsys.readouterr().err


def test_a_whole_pretraining_is_extrapolated_from_its_steps():
    row, = evaluation.run_pretraining(argparse.Namespace(encoder='lstm', clips=12, batch_size=4, amp=False))
    seconds = row['seconds']
    assert '3 epochs of 2 steps' in row['what'] and 0 < seconds['loading'] < seconds['step']
    assert seconds['whole'] == pytest.approx(451 * (40091 // 4) * seconds['step'])


def test_both_converters_read_the_same(tmp_path):
    path = tmp_path / 'S001C001P001R001A001.skeleton'
    prepare.write_raw(path, frames=5)
    theirs = prepare.mmaction2_converter().read_xyz(str(path))
    ours = read_clip(path)[0][0]['keypoint']
    np.testing.assert_array_equal(ours, theirs.astype(np.float32))


def test_names_of_raw_files_are_ntus_and_all_different():
    names = prepare.names(20000)
    assert len(set(names)) == 20000 and all(parse_name(name.partition('.')[0]) for name in names)


def test_scaling_is_plotted(tmp_path):
    content = dict(device='CPU', torch='2', rows=[
        dict(what=f'loading, {n} clips', clips=n, seconds=dict(hico_mm=n / 1000)) for n in (10, 100)])
    (tmp_path / 'benchmark.json').write_text(json.dumps(content))
    plot_scaling.main([str(tmp_path / 'benchmark.json'), str(tmp_path / 'plot.png')])
    assert (tmp_path / 'plot.png').read_bytes().startswith(b'\x89PNG')


def test_what_a_user_waits_for_is_compared_with_an_earlier_call(tmp_path, capsys):
    options = ['use', '--clips', '8', '--out', str(tmp_path / 'first.json')]
    benchmarks.main(options)
    first = json.loads((tmp_path / 'first.json').read_text())
    assert [row['stage'] for row in first['rows']] == ['use'] * 3
    assert all(row['seconds']['hico_mm'] > 0 for row in first['rows'])
    benchmarks.main([*options[:3], '--against', str(tmp_path / 'first.json'), '--out', str(tmp_path / 'b.json')])
    for row, before in zip(json.loads((tmp_path / 'b.json').read_text())['rows'], first['rows']):
        assert row['ratio']['earlier'] == before['seconds']['hico_mm'] / row['seconds']['hico_mm']
    (tmp_path / 'other.json').write_text(json.dumps(dict(first, machine='another')))
    with pytest.raises(SystemExit, match='was measured on .*another, so it cannot be compared'):
        benchmarks.main(['use', '--clips', '8', '--against', str(tmp_path / 'other.json')])


def test_growth_with_clips_and_frames(tmp_path):
    out = tmp_path / 'growth.json'
    benchmarks.main(['growth', '--largest', '1000', '--out', str(out)])
    rows = json.loads(out.read_text())['rows']
    assert [(row['clips'], row.get('frames')) for row in rows] == [(1000, 8), (1000, 32), (1000, 128), (1000, None)]
    assert rows[2]['peak_memory_gib'] > rows[0]['peak_memory_gib'] >= 0 and rows[3]['seconds']['hico_mm'] > 0


@pytest.mark.slow
def test_whole_commands(tmp_path):
    out = tmp_path / 'commands.json'
    benchmarks.main(['commands', '--encoder', 'lstm', '--repeats', '1', '--out', str(out)])
    rows = json.loads(out.read_text())['rows']
    assert len(rows) == 9 and all(row['stage'] == 'commands' and row['seconds']['hico_mm'] > 0 for row in rows)
