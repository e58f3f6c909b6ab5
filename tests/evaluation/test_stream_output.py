"""Scores and features from files that are not what they should be."""

import pickle
import zipfile

import numpy as np
import pytest
import torch

from hico_mm.errors import UserError
from hico_mm.evaluation.stream_output import load_features, load_predictions

SAMPLE = dict(frame_dir='a', pred_score=np.array([0.25, 0.75]), gt_label=np.array([1]))
FEATURES = dict(feature=np.ones((2, 3), np.float32), label=np.array([0, 1]), name=np.array(['a', 'b']))


@pytest.fixture
def predictions(tmp_path):

    def read(*samples):
        (tmp_path / 'p.pkl').write_bytes(pickle.dumps(list(samples)))
        return load_predictions(tmp_path / 'p.pkl')

    return read


@pytest.mark.parametrize('score', [torch.tensor([0.25, 0.75]), torch.tensor([0.25, 0.75]).bfloat16(), [0.25, 0.75]])
@pytest.mark.parametrize('label', [1, np.array(1), torch.tensor([1])])
def test_scores_of_tensors_arrays_and_lists(predictions, score, label):
    stream = predictions(dict(frame_dir='a', pred_score=score, gt_label=label))
    assert stream.values.tolist() == [[0.25, 0.75]] and stream.labels.tolist() == [1] and list(stream.names) == ['a']


@pytest.mark.parametrize('changes, said', [
    (dict(gt_label=np.array([2])), 'has the label 2, but scores of only 2 classes'),
    (dict(gt_label=np.array([-1])), '1 clips without a label, for example b'),
    (dict(gt_label=0.5), 'is not a dump'), (dict(gt_label=True), 'is not a dump'),
    (dict(gt_label=[1, 0]), 'is not a dump'), (dict(gt_label=float('inf')), 'is not a dump'),
    (dict(gt_label=10 ** 30), 'is not a dump'), (dict(pred_score='12'), 'is not a dump'),
    (dict(pred_score=['1', '2']), 'is not a dump'), (dict(pred_score=np.ones(3)), 'is not a dump'),
    (dict(pred_score=np.ones(2, complex)), 'is not a dump'), (dict(pred_score=[[1], [1, 2]]), 'is not a dump'),
    (dict(pred_score=np.array([1e300, 0])), 'NaN or infinite'), (dict(frame_dir=np.zeros(2)), 'one-line text as name'),
    (dict(frame_dir=3), 'one-line text as name'), (dict(frame_dir='\ud800'), 'one-line text as name'),
    (dict(frame_dir=None), 'has no clip names'),
])
def test_a_sample_that_is_not_one(predictions, changes, said):
    with pytest.raises(UserError, match='p.pkl.*' + said):
        predictions(SAMPLE, {**SAMPLE, 'frame_dir': 'b', **changes})


@pytest.mark.parametrize('changes, said', [
    (dict(feature=np.ones(3)), 'values of shape'), (dict(feature=np.ones((2, 0))), 'values of shape'),
    (dict(feature=np.ones((2, 3), complex)), 'values of shape'), (dict(feature=np.ones((3, 3))), 'one-line text'),
    (dict(feature=np.full((2, 3), 1e300)), 'NaN or infinite'), (dict(name=np.array('a')), 'one-line text as name'),
    (dict(name=np.array([1, 2])), 'one-line text as name'), (dict(label=np.array([0.5, 1])), 'whole number as label'),
    (dict(label=np.array([1])), 'whole number as label'), (dict(label=np.array([0, 10 ** 12])), 'labels from 0 to'),
    (dict(label=np.array([0, -2])), 'labels from -2'),
    (dict(label=np.array([-1, 0])), '1 clips without a label, for example a'),
    (dict(name=np.array([None, {}])), 'is not a feature file'),
])
def test_features_that_are_not(tmp_path, changes, said):
    np.savez(tmp_path / 'f.npz', **{**FEATURES, **changes})
    with pytest.raises(UserError, match='f.npz.*' + said):
        load_features(tmp_path / 'f.npz')


def test_an_archive_that_unpacks_to_far_more_is_refused_unread(tmp_path):
    np.savez_compressed(tmp_path / 'f.npz', **{**FEATURES, 'feature': np.zeros((2, 10 ** 7), np.uint8)})
    with pytest.raises(UserError, match='f.npz would unpack to 0.0 GB, too much for a feature file'):
        load_features(tmp_path / 'f.npz')


@pytest.mark.parametrize('field, value', [(6, 99), (10, 99)])  # the version and the compression that it needs
def test_an_archive_of_another_kind(tmp_path, field, value):
    np.savez(tmp_path / 'f.npz', **FEATURES)
    content = bytearray((tmp_path / 'f.npz').read_bytes())
    with zipfile.ZipFile(tmp_path / 'f.npz') as archive:
        start = archive.start_dir
    content[start + field] = value
    (tmp_path / 'f.npz').write_bytes(content)
    with pytest.raises(UserError, match='f.npz is not a feature file'):
        load_features(tmp_path / 'f.npz')


def test_predictions_that_cannot_be_written_leave_the_earlier_ones(tmp_path):
    from hico_mm.evaluation import DumpPredictions
    out = tmp_path / 'scores.pkl'
    dump = DumpPredictions(str(out))
    dump.compute_metrics([dict(pred_score=[1.0])])
    before = out.read_bytes()
    with pytest.raises(Exception, match='pickle|local object'):
        dump.compute_metrics([dict(pred_score=lambda: 0)])
    assert out.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ['scores.pkl']
