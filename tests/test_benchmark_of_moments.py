"""The benchmark of moments: that it counts what it should."""

import json

import pytest

from benchmarks import moments
from benchmarks.moments import Found
from hico_mm.demo import ACTIONS
from hico_mm.fileio import dump_pickle
from tests.conftest import ROOT
from tests.helpers import make_annotation


def test_precision_and_recall_by_hand():
    found = [Found(.9, True, 0, 0), Found(.8, False, 1, 0), Found(.7, True, 0, 1), Found(.2, False, 1, 1)]
    assert moments.rates(found, .75, 4) == (.5, .25) and moments.rates(found, .5, 4) == (2 / 3, .5)
    assert moments.choose_score(found, 4) == .7
    right = 2 / len(ACTIONS)
    assert moments.measure(found, .5, 1) == dict(precision=2 / 3, recall=right, first_1=right, first_3=right)
    value, low, high = moments.with_error(found, .5, 2)['precision']
    assert value == 2 / 3 and low <= value <= high


def test_it_runs_on_an_untrained_encoder(tmp_path, capsys):
    dump_pickle(make_annotation(num_classes=len(ACTIONS), per_class=2), tmp_path / 'demo.pkl')
    moments.main([str(ROOT / 'configs/hico/baselines/raw_coordinates.py'), '--ann-file', str(tmp_path / 'demo.pkl'),
                  '--split', 'train', '--recordings', '1', '--out', str(tmp_path / 'out.json')])
    result = json.loads((tmp_path / 'out.json').read_text())
    assert 0 <= result['precision'][0] <= 1 and 'recall' in capsys.readouterr().out
    assert result['first_1'][0] == pytest.approx(result['first_1'][1], abs=1)
