"""The configs for MMAction2's pickles of 2-D poses, on small pickles of the same form."""

import numpy as np
import pytest
import torch

from hico_mm.apis import extract, init_model
from hico_mm.apis.extract import encode_clips
from hico_mm.apis.prepare import ClipPreparer
from hico_mm.apis.verify import encode_split
from hico_mm.apis.views import make_views
from hico_mm.cli import test, train
from hico_mm.datasets import SkeletonDataset
from hico_mm.datasets.annotation import read_annotation
from hico_mm.fileio import dump_pickle
from tests.checkpoints.test_encoder import data_options

SPLITS = {  # of each pickle, and whether it has one person only
    'ntu60': (['xsub_train', 'xsub_val', 'xview_train', 'xview_val'], 2, 60),
    'hmdb51': ([f'{side}{i}' for i in (1, 2, 3) for side in ('train', 'test')], 2, 51),
    'ucf101': ([f'{side}{i}' for i in (1, 2, 3) for side in ('train', 'test')], 2, 101),
    'gym': (['train', 'val'], 1, 99),
}
NARROW = ('model.backbone.channels=16', 'model.head.queue_length=8')


def pickle_2d(name, path, clips=16):
    """A pickle as MMAction2 has it: float16 pixels and scores, absent joints and persons, sizes of the picture."""
    splits, persons, classes = SPLITS[name]
    rng = np.random.default_rng(0)
    annotations = []
    for i in range(clips):
        frames, people = int(rng.integers(4, 90)), 1 + i % persons
        keypoint = rng.uniform(50, 1000, size=(people, 1, 17, 2)) + 5 * rng.normal(size=(people, frames, 17, 2))
        score = rng.uniform(.1, 1.02, size=(people, frames, 17))
        keypoint[-1, frames // 2:] = 0  # leaves the picture
        score[-1, frames // 2:] = 0
        annotations.append(dict(
            frame_dir=f'{name}{i}', label=i // 2 % 2 * (classes - 1), img_shape=(720, 1280),
            original_shape=(720, 1280), total_frames=frames, keypoint=keypoint.astype(np.float16),
            keypoint_score=score.astype(np.float16)))
    names = [clip['frame_dir'] for clip in annotations]
    dump_pickle(dict(split={split: names[i % 2::2] for i, split in enumerate(splits)}, annotations=annotations), path)
    return path


@pytest.mark.parametrize('name', SPLITS)
def test_pretraining_linear_evaluation_and_retrieval(name, tmp_path, command):
    options = data_options(pickle_2d(name, tmp_path / 'a.pkl'))
    encoder = dict(ntu60='GRU', hmdb51='LSTM', ucf101='Transformer', gym='GRU')[name]
    status, printed, error = command(
        train.main, f'hico_{name}-2d', '--epochs', 2, '--seed', 0, '--work-dir', tmp_path / 'run', '--cfg-options',
        *options, *NARROW, f'model.neck.encoder.type={encoder}Encoder')
    assert status == 0, error
    checkpoint = tmp_path / 'run' / 'epoch_2.pth'
    status, printed, _ = command(train.main, f'hico_{name}-2d_linear', '--pretrained', checkpoint, '--work-dir',
                                 tmp_path / 'linear', '--cfg-options', *options[:-1], 'train_cfg.max_epochs=2')
    assert status == 0 and f'{encoder}Encoder' in (tmp_path / 'linear' / f'hico_{name}-2d_linear.py').read_text()
    assert 'linear evaluation: last epoch' in printed
    status, printed, _ = command(test.main, f'hico_{name}-2d', checkpoint, '--work-dir', tmp_path / 'knn',
                                 '--cfg-options', *options, *NARROW, f'model.neck.encoder.type={encoder}Encoder')
    assert status == 0 and 'acc/top1' in printed


def test_the_score_as_a_third_channel(tmp_path, command):
    """Pretrained on bones with scores; a clip of the annotation alone has the same features as in a dataset."""
    path = pickle_2d('ntu60', tmp_path / 'a.pkl')
    options = (*data_options(path), *(f'{part}_dataloader.dataset.load_pipeline.0.with_score=True'
                                      for part in ('train', 'val', 'test')), *NARROW)
    views = ('model.data_preprocessor.in_channels=3', 'model.data_preprocessor.with_score=True',
             'model.data_preprocessor.stream=bone')
    assert command(train.main, 'hico_ntu60-2d', '--epochs', 1, '--work-dir', tmp_path / 'run', '--cfg-options',
                   *options, *views)[0] == 0
    model = init_model(None, str(tmp_path / 'run' / 'epoch_1.pth'))
    prepare = ClipPreparer(model)
    dataset = SkeletonDataset(str(path), split='xsub_val', layout='coco', load_pipeline=model.cfg.load_pipeline)
    for i in range(2):
        info = dataset[i]
        clip = prepare.read(f'{path}:{info["frame_dir"]}')
        sample = prepare(prepare.scored(clip), clip.img_shape)['inputs'].numpy()
        assert sample.shape[-1] == 3 and 0 < (sample[..., 2] > 0).mean() < 1
        np.testing.assert_array_equal(sample, info['keypoint'])
    assert np.isfinite(extract(model, [prepare.scored(clip)])).all()
    features, _ = encode_split(model, read_annotation(path), 'xsub_val')  # of "hico-mm verify"
    expected = encode_clips(model, [prepare.scored(clip)], 'instance', 1, [clip.img_shape], prepare)
    torch.testing.assert_close(features[1:2], expected)
    view, = make_views([clip], str(tmp_path / 'run' / 'hico_ntu60-2d.py'))  # of "hico-mm show --views"
    np.testing.assert_array_equal(view.normalised[..., :2], info['keypoint'][..., :2])


def test_scores_stay_with_their_persons(tmp_path):
    rng = np.random.default_rng(0)
    keypoint = np.concatenate([np.full((1, 5, 17, 2), 300), rng.uniform(0, 900, size=(2, 5, 17, 2))])
    score = np.arange(3)[:, None, None] * np.full((3, 5, 17), .4)
    clip = dict(frame_dir='a', label=0, total_frames=5, keypoint=keypoint, keypoint_score=score)
    dump_pickle(dict(split=dict(train=['a']), annotations=[clip]), tmp_path / 'a.pkl')
    info = SkeletonDataset(str(tmp_path / 'a.pkl'), split='train', num_persons=2)[0]
    assert info['keypoint'].shape == (2, 5, 17, 2)
    np.testing.assert_array_equal(info['keypoint_score'], score[1:])


def test_clips_without_a_joint_left_are_counted(tmp_path, monkeypatch):
    path = pickle_2d('gym', tmp_path / 'a.pkl')
    messages = []
    monkeypatch.setattr('hico_mm.datasets.skeleton_dataset.print_log', lambda text, *args: messages.append(text))
    SkeletonDataset(str(path), split='train', load_pipeline=[dict(type='NormalizePose2D', score_thr=2)])
    assert '8 of the 8 clips have no joint left after normalisation: lower score_thr' in messages[0]


@pytest.mark.parametrize('score, said', [
    (np.ones((1, 4, 16)), r'of shape \(1, 4, 16\), not numbers \(M, T, V\) like its keypoints'),
    ([1], 'that is not an array')])
def test_scores_that_do_not_fit(tmp_path, score, said):
    clip = dict(frame_dir='a', label=0, keypoint=np.ones((1, 4, 17, 2)), keypoint_score=score)
    dump_pickle([clip], tmp_path / 'a.pkl')
    with pytest.raises(ValueError, match='a.pkl: clip a has a keypoint_score ' + said):
        SkeletonDataset(str(tmp_path / 'a.pkl'))
