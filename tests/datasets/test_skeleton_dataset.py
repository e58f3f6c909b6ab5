import copy
import pickle

import numpy as np
import pytest
from mmaction.registry import DATASETS

from hico_mm.datasets.persons import most_active
from hico_mm.datasets.transforms import NormalizeSkeleton
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation

PACK = [dict(type='PackActionInputs', meta_keys=('frame_dir', ))]


def build(path, **kwargs):
    return DATASETS.build(dict(type='SkeletonDataset', ann_file=str(path), pipeline=PACK, **kwargs))


def test_same_clips_as_the_stock_dataset(annotation_file):
    path = annotation_file()
    ours = build(path, split='val')
    stock = DATASETS.build(dict(type='PoseDataset', ann_file=str(path), pipeline=PACK, split='val'))
    assert len(ours) == len(stock) == 12
    for a, b in zip(ours, stock):
        assert (a['inputs'] == b['inputs']).all() and a['data_samples'].gt_label == b['data_samples'].gt_label
        assert a['data_samples'].frame_dir == b['data_samples'].frame_dir


def test_normalised_once_with_the_layout_of_the_dataset(tmp_path):
    annotation = make_annotation('nw_ucla', num_persons=1)
    path = tmp_path / 'a.pkl'
    dump_pickle(annotation, path)
    dataset = build(path, split='train', layout='nw_ucla')
    expected = NormalizeSkeleton('nw_ucla')(dict(keypoint=annotation['annotations'][0]['keypoint']))['keypoint']
    np.testing.assert_array_equal(dataset[0]['inputs'].numpy(), expected)
    assert dataset.load_pipeline == [
        dict(type='NormalizeSkeleton', layout='nw_ucla', center='frame', align=True, lost_joints='absent')]


def test_half_precision_annotations_become_float32(tmp_path):
    annotation = make_annotation()
    for clip in annotation['annotations']:
        clip['keypoint'] = clip['keypoint'].astype(np.float16)
    dump_pickle(annotation, tmp_path / 'a.pkl')
    assert build(tmp_path / 'a.pkl', split='train', layout='ntu')[0]['inputs'].numpy().dtype == np.float32


def test_two_dimensional_poses_with_stock_normalisation(annotation_file):
    path = annotation_file(layout='coco', channels=2, num_persons=1)
    dataset = build(path, split='train', layout='coco', load_pipeline=[dict(type='PreNormalize2D')])
    raw = build(path, split='train', layout='coco', load_pipeline=[])
    np.testing.assert_allclose(dataset[0]['inputs'][..., 0], raw[0]['inputs'][..., 0] / 960 - 1, atol=1e-5)


def test_clips_that_share_an_array_are_normalised_once_each(tmp_path):
    annotation = make_annotation('coco', channels=2, num_persons=1)
    shared = annotation['annotations'][0]['keypoint']
    annotation['annotations'][1].update(keypoint=shared, total_frames=shared.shape[1])
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(annotation))  # written once; dump_pickle would write it twice
    dataset = build(tmp_path / 'a.pkl', split='train', layout='coco', load_pipeline=[dict(type='PreNormalize2D')])
    for i in (0, 1):
        np.testing.assert_allclose(dataset[i]['inputs'][..., 0], shared[..., 0] / 960 - 1, atol=1e-5)


def test_in_the_order_of_the_split(tmp_path):
    annotation = make_annotation()
    annotation['split']['train'].reverse()
    dump_pickle(annotation, tmp_path / 'a.pkl')
    assert build(tmp_path / 'a.pkl', split='train').names == annotation['split']['train']


def clip_with(**changes):
    annotation = make_annotation()
    annotation['annotations'][0].update(changes)
    return annotation


NAN = np.full((1, 3, 25, 3), np.nan, np.float32)


def test_names_without_an_annotation_are_counted(tmp_path, monkeypatch):
    annotation = make_annotation()
    annotation['split']['train'] += ['gone1', 'gone2']
    dump_pickle(annotation, tmp_path / 'a.pkl')
    messages = []
    monkeypatch.setattr('hico_mm.datasets.skeleton_dataset.print_log', lambda text, *args: messages.append(text))
    assert len(build(tmp_path / 'a.pkl', split='train')) == 12
    assert 'split "train": 2 of the 14 clips have no annotation, for example gone1' in messages[0]


def clip_without(key):
    annotation = make_annotation()
    del annotation['annotations'][0][key]
    return annotation


@pytest.mark.parametrize('annotation, sentence', [
    (clip_without('keypoint'), 'clip clip0 has no keypoint: prepare it again'),
    (clip_with(keypoint=np.ones((1, 3, 20, 3))), 'clip clip0 has 20 joints, but layout "ntu" has 25: set the matching'),
    (clip_with(keypoint=NAN), 'clip clip0 has NaN or infinite coordinates: repair it'),
    (clip_with(keypoint=np.zeros((1, 3, 25, 3))), 'clip clip0 is empty: leave it out'),
    (clip_with(keypoint=np.zeros((1, 0, 25, 3))), 'clip clip0 is empty: leave it out'),
    (clip_with(keypoint=np.ones((3, 25, 3))), r'clip clip0 has keypoints of shape \(3, 25, 3\), not'),
    (clip_with(keypoint=np.full((1, 3, 25, 3), 1e30)), r'clip clip0 has a coordinate of 1e\+30, which is too'),
    (clip_with(keypoint=np.full((1, 3, 25, 3), 1e300)), 'clip clip0 has NaN or infinite coordinates'),
    (clip_with(keypoint=np.ones((1, 3, 25, 3), complex)), 'clip clip0 has keypoints of type complex128, not real'),
    (clip_with(frame_dir='clip1'), '1 clips of split "train" occur more than once, for example clip1'),
    (clip_with(label=True), 'clip clip0 has the label True, not an integer'),
    (clip_with(label=np.array(1)), 'clip clip0 has the label .ndarray., not an integer'),
    (clip_with(label='wave'), "clip clip0 has the label 'wave', not an integer"),
    (dict(annotations=[]), r'has no splits, so there is no split "train": it must contain'),
    ([1, 2], 'is not a skeleton annotation'),
    (dict(split=dict(train=[]), annotations=[]), 'has no clips in split "train"'),
    (dict(split=dict(a=[], b=[]), annotations=[]), r'has no split "train": it has \[\'a\', \'b\'\]'),
])
def test_bad_input_gets_one_sentence(tmp_path, annotation, sentence):
    dump_pickle(annotation, tmp_path / 'bad.pkl')
    with pytest.raises(ValueError, match='bad.pkl.*' + sentence):
        build(tmp_path / 'bad.pkl', split='train', layout='ntu')


def test_the_persons_that_move_most_are_kept(tmp_path, monkeypatch):
    annotation = make_annotation()
    clip = annotation['annotations'][0]
    still, moving = np.ones((1, 3, 25, 3)), np.random.default_rng(0).normal(size=(2, 3, 25, 3))
    clip['keypoint'] = np.concatenate([moving[:1], still, moving[1:]])
    dump_pickle(annotation, tmp_path / 'a.pkl')
    messages = []
    monkeypatch.setattr('hico_mm.datasets.skeleton_dataset.print_log', lambda text, *args: messages.append(text))
    dataset = build(tmp_path / 'a.pkl', split='train', load_pipeline=[], num_persons=2)
    np.testing.assert_allclose(dataset[0]['inputs'], moving, atol=1e-6)
    assert 'split "train": 1 of the 12 clips have more than 2 person(s): only those that' in messages[0]
    assert len(build(tmp_path / 'a.pkl', split='train', load_pipeline=[])[0]['inputs']) == 3


def test_a_summary_of_the_split_that_does_not_depend_on_the_order(tmp_path):
    annotation = make_annotation()
    annotation['classes'] = ['a', 'b', 'c', 'd']
    summaries = []
    for change in ('none', 'order', 'keypoint', 'label', 'name'):
        changed = copy.deepcopy(annotation)
        clip = changed['annotations'][0]
        if change == 'order':
            changed['annotations'].reverse()
        elif change == 'keypoint':
            clip['keypoint'][0, 0, 0, 0] += 1
        elif change == 'label':
            clip['label'] = 1
        elif change == 'name':
            clip['frame_dir'] = changed['split']['train'][0] = 'other'
        dump_pickle(changed, tmp_path / 'a.pkl')
        dataset = build(tmp_path / 'a.pkl', split='train', subset=dict(fraction=0.5))
        summaries.append(dataset.summary)
    first, reordered, *others = summaries
    assert first == reordered and (first['clips'], first['classes'], first['subset']) == (12, 4, dict(fraction=0.5))
    assert len(dataset) == 8 and dataset.class_names == ['a', 'b', 'c', 'd']
    assert len({summary['hash'] for summary in summaries}) == 4 and first['ann_file'] == 'a.pkl'


def test_options_of_the_host_that_would_leave_clips_out_are_refused(tmp_path):
    dump_pickle(make_annotation(), tmp_path / 'a.pkl')
    for options in dict(indices=3), dict(valid_ratio=0.5):
        with pytest.raises(ValueError, match=f'the dataset has no option {[*options][0]}: choose clips with subset'):
            build(tmp_path / 'a.pkl', split='train', **options)


def test_labels_that_are_numpy_integers_or_are_missing(tmp_path):
    annotation = make_annotation()
    for clip in annotation['annotations']:
        clip['label'] = np.int64(clip['label'])
    del annotation['annotations'][3]['label']
    dump_pickle(annotation, tmp_path / 'a.pkl')
    dataset = build(tmp_path / 'a.pkl', split='train')
    assert type(dataset.get_data_info(2)['label']) is int and dataset[2]['data_samples'].gt_label.tolist() == [2]
    assert dataset.labels.tolist()[:5] == [0, 1, 2, -1, 0] and dataset[3]['data_samples'].gt_label.tolist() == [-1]
    assert dataset.summary['classes'] == 4
    with pytest.raises(ValueError, match='1 of the 12 clips of split "train" have no label, for example clip3, so no'):
        build(tmp_path / 'a.pkl', split='train', subset=dict(fraction=0.5))


def test_suspicions_are_warned_of(tmp_path, monkeypatch):
    annotation = make_annotation()
    for clip in annotation['annotations']:
        clip['keypoint'] *= 1000
    dump_pickle(annotation, tmp_path / 'a.pkl')
    messages = []
    monkeypatch.setattr('hico_mm.datasets.skeleton_dataset.print_log', lambda text, *args: messages.append(text))
    build(tmp_path / 'a.pkl', split='train', layout='ntu')
    assert 'a.pkl, split "train": 12 of the 12 clips have bones with' in messages[0]


def test_those_that_move_are_kept_whatever_their_size_and_their_lost_joints():
    rng = np.random.default_rng(0)
    body = rng.normal(size=(17, 2)) * 100
    still, walking = (np.repeat(size * body[None], 20, 0) + 500 for size in (3, 1))
    walking = walking + np.linspace(0, 120, 20)[:, None, None]
    still = still + rng.normal(size=still.shape)
    still[:, 3] = 0  # lost in all frames
    still[::2, 5] = 0  # lost in some
    assert most_active(np.stack([still, walking]), 1).tolist() == [1]
