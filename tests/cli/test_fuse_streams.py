"""`fuse_streams.py` on dumps as MMAction2 writes them."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import softmax

from hico_mm.cli import fuse_streams

CLASSES = 4


def dump(path, scores, labels, names, kind=torch.from_numpy):
    """Write predictions as mmengine's ``DumpResults`` does; without names if there are none."""
    samples = []
    for score, label, name in zip(scores, labels, names or [None] * len(labels)):
        sample = dict(pred_score=kind(score), gt_label=torch.tensor([label]), num_classes=CLASSES)
        samples.append(dict(sample, frame_dir=name) if name else sample)
    path.write_bytes(pickle.dumps(samples))
    return str(path)


@pytest.fixture
def streams(tmp_path):
    """Scores (3, n, classes) of three streams, labels, names, and their dumps, each in an order of its own."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, 60)
    names = [f'clip{i:02}' for i in range(60)]
    scores = rng.normal(size=(3, 60, CLASSES)).astype(np.float32) + 1.2 * np.eye(CLASSES, dtype=np.float32)[labels]
    paths = []
    for i in range(3):
        order = rng.permutation(60)
        paths.append(dump(tmp_path / f's{i}.pkl', scores[i][order], labels[order], [names[j] for j in order]))
    return scores, labels, names, paths


@pytest.fixture
def fuse(command):
    return partial(command, fuse_streams.main)


def accuracy(scores, labels):
    return f'{100 * (scores.argmax(1) == labels).mean():.2f}'


def test_streams_are_joined_by_name(fuse, streams, tmp_path):
    scores, labels, names, paths = streams
    code, printed, _ = fuse('--preds', *paths, '--out', tmp_path / 'fused.pkl')
    fused = np.tensordot([0.6, 0.6, 0.4], scores, 1)
    assert code == 0
    assert [line.split()[-2] for line in printed.splitlines()[1:]] == [
        *(accuracy(s, labels) for s in scores), accuracy(fused, labels)]
    mean_class = np.mean([(fused.argmax(1) == labels)[labels == c].mean() for c in range(CLASSES)])
    assert printed.split()[-1] == f'{100 * mean_class:.2f}'
    written = {sample['frame_dir']: sample for sample in pickle.loads((tmp_path / 'fused.pkl').read_bytes())}
    for name, label, score in zip(names, labels, fused):
        np.testing.assert_allclose(written[name]['pred_score'], score, rtol=1e-6)
        assert written[name]['gt_label'] == label
    assert fuse('--preds', tmp_path / 'fused.pkl', paths[0])[0] == 0  # what it writes, it reads


def test_other_clips_or_labels_are_refused(fuse, streams, tmp_path):
    scores, labels, names, paths = streams
    fewer = dump(tmp_path / 'fewer.pkl', scores[0][:-1], labels[:-1], names[:-1])
    assert 'fewer.pkl and' in (said := fuse('--preds', paths[0], fewer)[2]) and 'clip59 is in only one of them' in said
    other = dump(tmp_path / 'other.pkl', scores[0], (labels + 1) % CLASSES, names)
    assert 'different labels' in fuse('--preds', paths[0], other)[2]
    twice = dump(tmp_path / 'twice.pkl', scores[0], labels, [*names[:-1], names[0]])
    assert 'twice.pkl has clip clip00 twice' in fuse('--preds', twice, twice)[2]
    more = dump(tmp_path / 'more.pkl', np.zeros((60, 7), np.float32), labels, names)
    assert 'different numbers of classes: [4, 7]' in fuse('--preds', paths[0], more)[2]


def test_a_dump_without_names(fuse, streams, tmp_path):
    scores, labels, names, paths = streams
    nameless = dump(tmp_path / 'nameless.pkl', scores[1], labels, None)
    assert 'nameless.pkl has no clip names: give them with' in fuse('--preds', nameless, nameless)[2]
    clips = [dict(frame_dir=name, label=int(label)) for name, label in zip(names, labels)]
    annotation = tmp_path / 'ann.pkl'
    annotation.write_bytes(pickle.dumps(dict(split=dict(val=names, train=names[::2]), annotations=clips)))
    code, printed, _ = fuse('--preds', nameless, nameless, '--names', f'{annotation}:val')
    assert code == 0 and printed.splitlines()[1].split()[-2] == accuracy(scores[1], labels)
    assert 'nameless.pkl was not made from split "train"' in fuse('--preds', nameless, nameless, '--names',
                                                                  f'{annotation}:train')[2]
    # Names that a dump has are its own, whatever order others are in.
    assert fuse('--preds', paths[0], nameless, '--names', f'{annotation}:val')[0] == 0
    training = dump(tmp_path / 'training.pkl', scores[0][::2], labels[::2], None)
    clips += [dict(frame_dir=f'train{i}', label=int(label)) for i, label in enumerate(labels[::2])]
    annotation.write_bytes(pickle.dumps(dict(split=dict(val=names, train=[f'train{i}' for i in range(30)]),
                                             annotations=clips)))
    code, printed, _ = fuse('--preds', nameless, paths[0], '--names', f'{annotation}:val',
                            '--search', training, training, '--search-names', f'{annotation}:train')
    assert code == 0 and 'weights found on 30 training clips' in printed
    assert 'has no split "test"' in fuse('--preds', nameless, nameless, '--names', f'{annotation}:test')[2]


def test_probabilities_and_scores_meet_as_probabilities(fuse, streams, tmp_path):
    scores, labels, names, _ = streams
    logits = dump(tmp_path / 'logits.pkl', scores[0], labels, names)
    probabilities = dump(tmp_path / 'probabilities.pkl', softmax(scores[1], 1), labels, names, kind=np.asarray)
    fuse('--preds', logits, probabilities, '--out', tmp_path / 'fused.pkl')
    fused = [sample['pred_score'] for sample in pickle.loads((tmp_path / 'fused.pkl').read_bytes())]
    np.testing.assert_allclose(fused, softmax(scores[0], 1) + softmax(scores[1], 1), rtol=1e-5)


def test_weights_are_searched_on_training_clips_only(fuse, streams, tmp_path):
    scores, labels, names, paths = streams
    good = np.eye(CLASSES, dtype=np.float32)[labels]
    training = [dump(tmp_path / f'train{i}.pkl', s, labels, [f'train{name}' for name in names])
                for i, s in enumerate((-good, good, 0 * good))]
    code, printed, _ = fuse('--preds', *paths, '--search', *training)
    assert code == 0 and 'weights found on 60 training clips: 0 1 0' in printed
    assert printed.splitlines()[-1].split()[-2] == accuracy(scores[1], labels)
    assert 'must not see test clips, but 60 clips are in both sets' in fuse('--preds', *paths, '--search', *paths)[2]


def test_retrieval_by_all_streams(fuse, tmp_path):
    rng = np.random.default_rng(1)
    sizes, features = dict(gallery=50, queries=20), {}
    labels = {part: rng.integers(0, CLASSES, n) for part, n in sizes.items()}
    for part, n in sizes.items():
        features[part] = [rng.normal(size=(n, d)) + 3 * rng.normal(size=d) for d in (6, 9)]
        for i, feature in enumerate(features[part]):
            order = rng.permutation(n)
            np.savez(tmp_path / f'{part}{i}.npz', feature=feature[order], label=labels[part][order],
                     name=np.array([f'{part}{j}' for j in order]))
    code, printed, _ = fuse('--features', *(tmp_path / f'queries{i}.npz' for i in (0, 1)),
                            '--gallery', *(tmp_path / f'gallery{i}.npz' for i in (0, 1)), '--weights', 0.3, 0.7)
    unit = [[f / np.linalg.norm(f, axis=1, keepdims=True) for f in features[part]] for part in ('queries', 'gallery')]
    similarity = [q @ g.T for q, g in zip(*unit)]
    expected = [similarity[0], similarity[1], 0.3 * similarity[0] + 0.7 * similarity[1]]
    assert code == 0 and [line.split()[-2] for line in printed.splitlines()[1:]] == [
        f'{100 * (labels["gallery"][s.argmax(1)] == labels["queries"]).mean():.2f}' for s in expected]


def test_features_that_cannot_be_compared(fuse, tmp_path):
    for name, width, clips in (('a', 4, 'xy'), ('b', 4, 'zw'), ('c', 5, 'zw')):
        np.savez(tmp_path / f'{name}.npz', feature=np.ones((2, width)), label=np.zeros(2, int),
                 name=np.array(list(clips)))
    (tmp_path / 'cut.npz').write_bytes((tmp_path / 'a.npz').read_bytes()[:100])
    np.save(tmp_path / 'd.npz', np.ones(3))
    (tmp_path / 'd.npz.npy').rename(tmp_path / 'd.npz')
    for query, gallery, said in (('a', 'a', 'share 2 clips, for example x: a query would find itself'),
                                 ('a', 'c', 'features of 4 numbers'), ('cut', 'a', 'cut.npz is not a feature file'),
                                 ('a', 'd', 'd.npz is not a feature file')):
        files = [f'{tmp_path}/{name}.npz' for name in (query, gallery)]
        code, _, error = fuse('--features', files[0], '--gallery', files[1])
        assert code == 1 and said in error


def test_scores_that_are_not_finite(fuse, streams, tmp_path):
    scores, labels, names, paths = streams
    bad = dump(tmp_path / 'bad.pkl', scores[0] * np.nan, labels, names)
    assert 'bad.pkl has scores or features that are NaN or infinite' in fuse('--preds', bad, paths[0])[2]


class _Evil:

    def __reduce__(self):
        return print, ('code of the file has run', )


@pytest.mark.parametrize('content', [[_Evil()], [dict(pred_score=torch.ones(3))], dict(a=1), [1, 2]])
def test_what_is_no_dump_is_refused_unread(fuse, tmp_path, content):
    (tmp_path / 'bad.pkl').write_bytes(pickle.dumps(content))
    code, printed, said = fuse('--preds', tmp_path / 'bad.pkl', tmp_path / 'bad.pkl')
    assert code == 1 and 'bad.pkl is no' in said and not printed
    assert 'missing.pkl does not exist: create it with hico-mm test' in fuse('--preds', 'missing.pkl', 'a.pkl')[2]
