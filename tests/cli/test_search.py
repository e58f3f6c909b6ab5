import fcntl
import json

import numpy as np
import pytest

from hico_mm.apis import SkeletonSearch, find_moments, init_model
from hico_mm.cli import search
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation


@pytest.fixture
def scene(make_runner, tmp_path, command):
    """A checkpoint and the gallery of its training clips."""
    runner = make_runner('pretrain')
    runner.train()
    dump_pickle(dict(make_annotation(), classes=['sit', 'wave', 'kick', 'push']), tmp_path / 'mine.pkl')
    checkpoint, gallery = f'{runner.work_dir}/epoch_1.pth', tmp_path / 'gallery.npz'
    code, printed, said = command(search.main, 'index', checkpoint, '--ann-file', tmp_path / 'mine.pkl', '--split',
                                  'train', '--out', gallery)
    assert code == 0 and f'{gallery}: 12 clips, instance features of 128 numbers' in printed, said
    return checkpoint, gallery


def test_queries(scene, tmp_path, command):
    gallery = scene[1]
    np.save(tmp_path / 'new.npy', make_annotation()['annotations'][15]['keypoint'])
    files = [tmp_path / 'new.npy', f'{tmp_path}/mine.pkl:clip14', 'clip3']
    opened = SkeletonSearch.load(gallery)
    expected = [opened.query(str(file), topk=2) for file in files]
    code, printed, _ = command(search.main, 'query', gallery, '--like', *files, '--topk', 2, '--json', '--html',
                               tmp_path / 'page.html')
    assert code == 0 and (tmp_path / 'page.html').read_text().count('<canvas') == 9
    for row, answer in zip(json.loads(printed), expected):
        assert row['query'] == answer.query and row['class_name'] == answer.class_name
        assert [match['name'] for match in row['matches']] == [match.name for match in answer.matches]
        scores = [match.score for match in answer.matches]
        assert [match['score'] for match in row['matches']] == pytest.approx(scores, abs=1e-5)
    code, printed, _ = command(search.main, 'query', gallery, '--like', 'clip3', '--topk', 1)
    first, second = printed.splitlines()
    assert code == 0 and first.startswith('clip3, push (compared with 12 clips in ')
    match = expected[2].matches[0]
    assert second.split() == [f'{match.score:.3f}', match.name, match.class_name]


def test_the_checkpoint_may_be_the_name_of_shipped_weights(tmp_path, command):
    dump_pickle(make_annotation(), tmp_path / 'mine.pkl')
    gallery = tmp_path / 'gallery.npz'
    code, _, said = command(search.main, 'index', 'hico-lstm-small', '--ann-file', tmp_path / 'mine.pkl', '--out',
                            gallery)
    assert code == 0, said
    code, printed, said = command(search.main, 'query', gallery, '--like', f'{tmp_path}/mine.pkl:clip3')
    assert code == 0 and SkeletonSearch.load(gallery).query('clip3').matches, said


def test_clips_are_added_and_removed(scene, tmp_path, command):
    gallery = scene[1]
    np.save(tmp_path / 'new.npy', make_annotation()['annotations'][15]['keypoint'].transpose(3, 1, 2, 0))
    code, printed, said = command(search.main, 'add', gallery, tmp_path / 'new.npy', '--axes', 'CTVM', '--label', 2)
    assert code == 0 and '1 clip added, now 13 clips' in printed, said
    code, printed, _ = command(search.main, 'query', gallery, '--like', f'{tmp_path}/mine.pkl:clip15', '--topk', 1)
    assert '1.000  new  kick' in printed
    code, printed, _ = command(search.main, 'add', gallery, '--ann-file', tmp_path / 'mine.pkl', '--split', 'val')
    assert code == 0 and '12 clips added, now 25 clips' in printed
    code, printed, _ = command(search.main, 'remove', gallery, 'new', 'clip15')
    assert code == 0 and '2 clips removed, now 23 clips' in printed
    assert 'new' not in SkeletonSearch.load(gallery).gallery.names
    code, _, said = command(search.main, 'remove', gallery, 'new')
    assert code == 1 and 'the gallery has no clip "new"' in said and len(SkeletonSearch.load(gallery)) == 23


def test_a_gallery_that_is_being_changed_is_left_alone(scene, tmp_path, command, monkeypatch):
    monkeypatch.setattr('hico_mm.locks.PATIENCE', 0.2)
    gallery = scene[1]
    with gallery.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for words in (['add', gallery, '--ann-file', tmp_path / 'mine.pkl', '--split', 'val'],
                      ['remove', gallery, 'clip1']):
            code, _, said = command(search.main, *words)
            assert code == 1 and f'{gallery} is being changed by another process: try again' in said
    assert len(SkeletonSearch.load(gallery)) == 12


def test_moments(scene, tmp_path, command):
    checkpoint = scene[0]
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(2, 100, 25, 3))
    planted = rng.normal(size=(2, 1, 25, 3)) + .1 * rng.normal(size=(2, 20, 25, 3))
    whole[:, 40:60] = planted
    np.savez(tmp_path / 'whole.npz', keypoint=whole, fps=10)
    np.save(tmp_path / 'planted.npy', np.concatenate([whole[:, :5], planted], 1))
    options = ['--in', tmp_path / 'whole.npz', '--like', tmp_path / 'planted.npy', '--frames', 6, 25]
    code, printed, said = command(search.main, 'moments', checkpoint, *options, '--json', '--topk', 3)
    assert code == 0, said
    content = json.loads(printed)
    expected = find_moments(init_model(None, checkpoint), whole, planted, topk=3, fps=10)
    assert content['frames'] == 100 and content['like'] == ['planted[6-25]'] and len(content['moments']) == 3
    assert [row['first'] for row in content['moments']] == [moment.first for moment in expected]
    best = content['moments'][0]
    assert (best['first'], best['last'], best['start'], best['end']) == (41, 60, 4.0, 6.0)
    assert best['score'] == pytest.approx(1, abs=1e-5)
    code, printed, _ = command(search.main, 'moments', checkpoint, *options, '--topk', 1, '--fps', 20, '--lengths', 20)
    assert code == 0 and 'whole (100 frames) is most like planted[6-25] in 1 moment, found in' in printed
    assert printed.splitlines()[1].split() == ['1.000', 'frames', '41', 'to', '60', '2.00', 's', 'to', '3.00', 's']


@pytest.mark.parametrize('words, said', [
    ('index c.pth --ann-file a.pkl --out g.pkl', 'must end with .npz'),
    ('query g.npz --like a --html a.png', 'must end with .html'),
    ('query g.npz --like a.skeleton --axes CTVM', '--axes describes .npy, .npz and .csv arrays, but none is given'),
    ('moments c.pth --in a.txt --like b.txt --axes TVC', '--axes describes .npy, .npz and .csv arrays'),
    ('add g.npz', 'give files or --ann-file'), ('add g.npz a.npy --ann-file a.pkl', 'give files or --ann-file'),
    ('add g.npz --ann-file a.pkl --label 3', '--label is for files, not for --ann-file'),
    ('add g.npz --ann-file a.pkl --layout ntu', '--layout is for files, not for --ann-file'),
    ('add g.npz --ann-file a.pkl --format array', '--format is for files, not for --ann-file'),
    ('add g.npz a.npy --split train', '--split belongs to --ann-file'), ('', 'required: ACTION'),
    ('find g.npz', 'invalid choice')])
def test_what_has_no_meaning_is_refused(words, said, capsys):
    with pytest.raises(SystemExit):
        search.main(words.split())
    assert said in capsys.readouterr().err


def test_without_faiss_nothing_is_begun(monkeypatch, capsys):
    monkeypatch.setattr(search, 'find_spec', lambda name: None)
    with pytest.raises(SystemExit):
        search.main(['query', 'g.npz', '--like', 'a', '--faiss', 'HNSW32'])
    assert 'pip install faiss-cpu' in capsys.readouterr().err
