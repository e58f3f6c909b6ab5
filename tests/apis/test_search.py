import numpy as np
import pytest
import torch

from hico_mm.apis import SkeletonSearch, extract, init_model
from hico_mm.apis.gallery import Gallery
from hico_mm.checkpoints import encoder_hash
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from hico_mm.models.heads import KNNHead
from tests.helpers import make_annotation


@pytest.fixture
def checkpoint(make_runner, tmp_path):
    """A pretrained encoder; its annotation has class names, and one clip without a label."""
    runner = make_runner('pretrain')
    runner.train()
    annotation = make_annotation()
    del annotation['annotations'][3]['label']
    dump_pickle(dict(annotation, classes=['sit', 'wave', 'kick', 'push']), tmp_path / 'mine.pkl')
    return f'{runner.work_dir}/epoch_1.pth'


@pytest.fixture
def search(checkpoint, tmp_path):
    search = SkeletonSearch(checkpoint)
    search.add_annotation(tmp_path / 'mine.pkl', 'train')
    return search


def test_the_nearest_neighbours_are_those_of_the_features(search, checkpoint):
    annotation = make_annotation()
    clips = {clip['frame_dir']: clip for clip in annotation['annotations']}
    model = init_model(None, checkpoint)
    gallery, queries = (
        torch.from_numpy(extract(model, [clips[name]['keypoint'] for name in annotation['split'][split]]))
        for split in ('train', 'val'))
    head = KNNHead(num_classes=4, k=1)
    head.set_gallery(gallery, torch.tensor([clips[name]['label'] for name in annotation['split']['train']]))
    votes = head(queries).argmax(1).tolist()
    cosine = torch.nn.functional.cosine_similarity(queries[:, None], gallery[None], dim=2)
    for name, vote, row in zip(annotation['split']['val'], votes, cosine):
        answer = search.query(clips[name], topk=4)
        best = row.topk(4)
        assert [match.name for match in answer.matches] == [annotation['split']['train'][i] for i in best.indices]
        assert [match.score for match in answer.matches] == pytest.approx(best.values.tolist(), abs=1e-5)
        if answer.matches[0].name == 'clip3':
            assert answer.matches[0][1:3] == (None, None)
        else:
            assert answer.matches[0].label == vote
            assert answer.matches[0].class_name == ['sit', 'wave', 'kick', 'push'][vote]
        assert answer.query == name and answer.label == clips[name]['label']
        assert answer.encode_ms > 0 and answer.search_ms > 0


def test_a_clip_of_the_gallery_is_not_its_own_neighbour(search):
    answer = search.query('clip5', topk=100)
    assert len(answer.matches) == 11 and 'clip5' not in [match.name for match in answer.matches]
    assert answer.encode_ms is None and answer.class_name == 'wave'
    entry = make_annotation()['annotations'][5]
    same = search.query(entry, topk=100)
    assert same.matches[0].name == 'clip5' and same.matches[0].score == pytest.approx(1, abs=1e-5)
    assert [match.name for match in same.matches[1:]] == [match.name for match in answer.matches]
    with pytest.raises(UserError, match=r"clip5 is a clip of the gallery.*\['frames'\] have no meaning"):
        search.query('clip5', frames=(1, 2))


def test_a_saved_gallery_gives_the_same_answers(search, checkpoint, tmp_path):
    search.save(tmp_path / 'gallery.npz')
    entry = make_annotation()['annotations'][15]
    expected = search.query(entry).matches
    for model in None, checkpoint, init_model(None, checkpoint):
        loaded = SkeletonSearch.load(tmp_path / 'gallery.npz', model)
        assert loaded.query(entry).matches == expected and len(loaded) == 12
        np.testing.assert_array_equal(loaded.gallery.motions.values, search.gallery.motions.values)
    with np.load(tmp_path / 'gallery.npz') as file:
        np.testing.assert_allclose(np.linalg.norm(file['feature'], axis=1), 1, rtol=1e-5)
        assert file['label'].tolist()[:5] == [0, 1, 2, -1, 0] and file['name'][0] == 'clip0'


def test_clips_are_added_and_removed(search, tmp_path):
    annotation = make_annotation()
    entry = annotation['annotations'][15]
    before = search.query(entry, topk=100).matches
    np.save(tmp_path / 'new.npy', entry['keypoint'])
    search.add([tmp_path / 'new.npy', entry['keypoint'][:1]], labels=[2, None])
    after = search.query(entry, topk=100)
    assert after.matches[0].name == 'new' and after.matches[0][1:3] == (2, 'kick') and len(search) == 14
    assert search.gallery.names[-1] == 'clip 13' and search.gallery.labels[-1] == -1
    drawn = search.gallery.motions.get(12)
    np.testing.assert_array_equal(drawn, after.motion)
    search.remove(['new', 'clip 13'])
    assert search.query(entry, topk=100).matches == before
    search.remove(['clip2'])
    assert 'clip2' not in [match.name for match in search.query(entry, topk=100).matches] and len(search) == 11
    search.add_annotation(tmp_path / 'mine.pkl', 'val')
    assert search.query('clip15').matches and len(search) == 23
    np.testing.assert_array_equal(search.gallery.motions.get(search.gallery.place('clip15')),
                                  search.query(entry).motion)


def test_mistakes_leave_the_gallery_as_it_was(search, tmp_path):
    entry = make_annotation()['annotations'][0]
    dump_pickle(dict(make_annotation(seed=1), classes=['a', 'b', 'c', 'd']), tmp_path / 'other.pkl')
    for action, said in (
            (lambda: search.add([entry]), '1 clips would be in the gallery twice, for example clip0'),
            (lambda: search.add([entry, entry], names=['a']), 'there are 2 clips, but 1 names'),
            (lambda: search.add([entry], names=['x'], labels=[]), 'there are 1 clips, but 0 labels'),
            (lambda: search.add([entry], names=['a\nb']), 'cannot be the name of a clip'),
            (lambda: search.add([entry], names=['x'], labels=[-2]), 'the label -2 is not a class number'),
            (lambda: search.add([]), 'there are no clips to add'),
            (lambda: search.add([np.ones((1, 3, 20, 3))]), 'clip 12 has 20 joints'),
            (lambda: search.remove(['clip1', 'nix']), 'the gallery has no clip "nix"'),
            (lambda: search.add_annotation(tmp_path / 'other.pkl', 'val'),
             'clip12 is of the class "a", which is not one of the gallery'),
            (lambda: search.query('nix'), '"nix" is neither the name of a clip of the gallery nor a file'),
            (lambda: search.query('clip0', topk=0), 'topk must be'),
            (lambda: search.save(tmp_path / 'g.pkl'), 'must end with .npz')):
        with pytest.raises(UserError, match=said):
            action()
    assert len(search) == 12 and len(search.gallery.features) == 12
    search.remove(search.gallery.names[1:])
    with pytest.raises(UserError, match='no clips to compare with'):
        search.query('clip0')
    SkeletonSearch(search.encoder.model).save(tmp_path / 'empty.npz')
    empty = SkeletonSearch.load(tmp_path / 'empty.npz', search.encoder.model)
    empty.add([entry])
    assert empty.query(entry).matches[0].score == pytest.approx(1, abs=1e-5)
    with pytest.raises(UserError, match="level must be one of"):
        SkeletonSearch(search.encoder.model, level='clip')


def test_another_encoder_is_refused(search, checkpoint, tmp_path, make_runner):
    search.save(tmp_path / 'gallery.npz')
    model = init_model(None, checkpoint)
    with torch.no_grad():
        next(model.neck.parameters()).add_(1e-3)
    with pytest.raises(UserError, match=r'gallery.npz was made with the encoder of .*epoch_1.pth .* has another one'):
        SkeletonSearch.load(tmp_path / 'gallery.npz', model)
    model = init_model(None, checkpoint)
    model.cfg.load_pipeline = [dict(type='NormalizeSkeleton', center='first_frame')]
    with pytest.raises(UserError, match='has another one'):
        SkeletonSearch.load(tmp_path / 'gallery.npz', model)
    other = make_runner('pretrain', seed=3)  # writes over the checkpoint
    other.train()
    changed = SkeletonSearch.load(tmp_path / 'gallery.npz')
    assert changed.query('clip0').matches  # needs no encoder
    with pytest.raises(UserError, match='has another one'):
        changed.query(make_annotation()['annotations'][15])
    (tmp_path / 'pretrain/epoch_1.pth').unlink()
    with pytest.raises(UserError, match='epoch_1.pth, which does not exist any more: give the checkpoint'):
        SkeletonSearch.load(tmp_path / 'gallery.npz').query(make_annotation()['annotations'][15])


def test_the_encoder_of_a_classifier_is_known_to_be_the_same(checkpoint, make_runner, linear_model, search, tmp_path):
    linear = make_runner('linear', model=dict(linear_model, pretrained=checkpoint))
    linear.train()
    assert encoder_hash(init_model(None, f'{linear.work_dir}/epoch_1.pth')) == search.gallery.encoder
    search.save(tmp_path / 'gallery.npz')
    assert SkeletonSearch.load(tmp_path / 'gallery.npz', f'{linear.work_dir}/epoch_1.pth').query('clip1').matches


def test_an_index_of_faiss_finds_the_same(search):
    pytest.importorskip('faiss')
    entry = make_annotation()['annotations'][15]
    expected = search.query(entry).matches
    for index in ('Flat', 'HNSW8'):
        search.index, search._neighbours = index, None
        found = search.query(entry).matches
        assert [match.name for match in found] == [match.name for match in expected]
        assert [match.score for match in found] == pytest.approx([match.score for match in expected], abs=1e-5)
    search.index, search._neighbours = 'nix', None
    with pytest.raises(UserError, match="index is 'nix', which faiss cannot build"):
        search.query(entry)


@pytest.mark.parametrize('change', [
    dict(feature=np.zeros((11, 128), 'f4')), dict(feature=np.full((12, 128), np.nan, 'f4')), dict(label=np.zeros(12)),
    dict(name=np.array(['a\n'] * 12)), dict(motion=np.zeros(3, np.int16)), dict(about=np.array('{}')),
    dict(about=np.array('[')), dict(about=np.array('{"format": 99}')), dict(about=None),
    dict(label=np.array([None] * 12))])
def test_a_damaged_gallery_is_named(change, search, tmp_path):
    search.save(tmp_path / 'gallery.npz')
    with np.load(tmp_path / 'gallery.npz') as file:
        arrays = {name: file[name] for name in file.files}
    arrays.update(change)
    np.savez(tmp_path / 'damaged.npz', **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(UserError, match='damaged.npz is damaged or not a gallery'):
        Gallery.load(tmp_path / 'damaged.npz')
    content = (tmp_path / 'gallery.npz').read_bytes()
    (tmp_path / 'short.npz').write_bytes(content[:len(content) // 2])
    with pytest.raises(UserError, match='short.npz is damaged or not a gallery'):
        Gallery.load(tmp_path / 'short.npz')


def test_the_page_shows_names_as_text_and_needs_no_network(search, tmp_path):
    evil = '<script>alert(1)</script>&"'
    search.add([make_annotation()['annotations'][15]], names=[evil])
    search.gallery.classes = ['</script><b>', 'wave', 'kick', 'push']
    search.write_html(tmp_path / 'page.html', [search.query(evil, topk=11), search.query('clip0')])
    page = (tmp_path / 'page.html').read_text()
    assert '<script>alert' not in page and '&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;' in page
    assert '</script><b>' not in page and page.count('</script>') == 2
    assert page.count('<canvas') == 12 + 6 and 'http' not in page.replace('http-equiv', '')


def renumbered(tmp_path, classes=('push', 'kick', 'wave', 'sit')):
    """The clips under other names, with their classes in another order."""
    annotation = make_annotation()
    known = ['sit', 'wave', 'kick', 'push']
    for clip in annotation['annotations']:
        clip.update(frame_dir=f'other_{clip["frame_dir"]}')
        if classes:
            clip.update(label=list(classes).index(known[clip['label']]))
    annotation['split'] = {key: [f'other_{name}' for name in names] for key, names in annotation['split'].items()}
    dump_pickle(dict(annotation, classes=list(classes)) if classes else annotation, tmp_path / 'renumbered.pkl')
    return tmp_path / 'renumbered.pkl'


def test_classes_of_another_annotation_are_matched_by_name(search, tmp_path):
    path = renumbered(tmp_path)
    expected = search.query(f'{tmp_path}/mine.pkl:clip13').class_name
    answer = search.query(f'{path}:other_clip13')
    assert answer.class_name == expected == 'wave'
    search.add([f'{path}:other_clip13'])
    search.add_annotation(path, 'train')
    for name in 'other_clip13', 'other_clip1':
        assert search.query(name).class_name == 'wave' and search.gallery.labels[search.gallery.place(name)] == 1


def test_labels_with_names_and_labels_without_are_not_mixed(search, checkpoint, tmp_path):
    path = renumbered(tmp_path, ())
    with pytest.raises(UserError, match='does not name its classes, and the gallery does, so their labels may mean'):
        search.add_annotation(path, 'train')
    bare = SkeletonSearch(checkpoint)
    bare.add_annotation(path, 'train')
    with pytest.raises(UserError, match='names its classes, and the gallery does not'):
        bare.add([f'{tmp_path}/mine.pkl:clip13'])
    assert len(bare) == 12 and bare.gallery.classes is None
