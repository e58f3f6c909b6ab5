import numpy as np
import pytest
from mmengine.config import Config

from hico_mm.apis import extract, init_model
from hico_mm.errors import UserError
from tests.helpers import small_model


@pytest.fixture
def trained(make_runner):
    runner = make_runner('trained')
    runner.train()
    return runner


def test_raw_clips_get_the_features_that_training_saw(trained):
    """The transforms of the training data travel in the checkpoint."""
    from mmengine.fileio import load

    from hico_mm.engine.loaders import training_split
    from hico_mm.evaluation import encode
    expected = encode(trained.model, training_split(trained))
    annotation = load(trained.cfg.train_dataloader.dataset.ann_file)
    raw = {clip['frame_dir']: clip['keypoint'] for clip in annotation['annotations']}
    clips = [raw[sample.frame_dir] for sample in expected.samples]
    model = init_model(None, trained.work_dir + '/epoch_1.pth')
    np.testing.assert_allclose(extract(model, clips, batch_size=5), expected.features, atol=1e-5)
    assert extract(model, clips[:2], level='clip').shape == (2, 4, 16)
    by_config = init_model(Config(dict(model=trained.cfg.model, test_dataloader=trained.cfg.test_dataloader)),
                           trained.work_dir + '/epoch_1.pth')
    np.testing.assert_array_equal(extract(by_config, clips), extract(model, clips))
    one_person = clips[0][0]
    np.testing.assert_array_equal(extract(model, [one_person]), extract(model, [one_person[None]]))


def test_bad_clips_are_named():
    model = init_model(Config(dict(model=small_model(), load_pipeline=[])))
    good = np.ones((1, 5, 25, 3))
    for bad, message in ((np.zeros((1, 5, 25, 3)), 'clip 1 is empty'), (np.full((5, 25, 3), np.nan), 'clip 1 has NaN'),
                         (np.ones((1, 5, 20, 3)), 'clip 1 has 20 joints, but layout "ntu" has 25'),
                         (np.ones(3), 'clip 1 has keypoints of shape')):
        with pytest.raises(ValueError, match=message):
            extract(model, [good, bad])
    with pytest.raises(ValueError, match='no clips'):
        extract(model, [])
    with pytest.raises(ValueError, match='does not record how its clips were normalised'):
        extract(init_model(Config(dict(model=small_model()))), [good])
    stock = dict(dataset=dict(type='PoseDataset'))  # normalised in a pipeline that is not known here
    with pytest.raises(ValueError, match='does not record how its clips were normalised'):
        extract(init_model(Config(dict(model=small_model(), test_dataloader=stock))), [good])


def test_2d_poses_need_the_size_of_the_picture():
    changes = {'backbone.layout': 'coco', 'backbone.in_channels': 2, 'data_preprocessor.layout': 'coco',
               'data_preprocessor.in_channels': 2}
    model = init_model(Config(dict(model=small_model(**changes), load_pipeline=[dict(type='PreNormalize2D')])))
    clip = np.random.default_rng(0).uniform(1, 400, (1, 9, 17, 2))
    with pytest.raises(ValueError, match=r'pass img_shape=\(height, width\)'):
        extract(model, [clip])
    small, large = (extract(model, [clip * scale], img_shape=(480 * scale, 640 * scale)) for scale in (1, 2))
    np.testing.assert_allclose(small, large, atol=1e-5)
    assert np.abs(small - extract(model, [clip], img_shape=(1080, 1920))).max() > 1e-3


def test_the_arrays_of_the_caller_stay_as_they_are():
    model = init_model(Config(dict(model=small_model(**{
        'data_preprocessor.layout': 'coco', 'data_preprocessor.in_channels': 2}),
        load_pipeline=[dict(type='PreNormalize2D')])))
    clip = np.random.default_rng(0).uniform(1, 100, (1, 9, 17, 2)).astype(np.float32)
    before = clip.copy()
    clip.flags.writeable = False
    features = extract(model, [clip, clip], img_shape=(100, 100))
    np.testing.assert_array_equal(clip, before)
    np.testing.assert_array_equal(features[0], features[1])


@pytest.mark.parametrize('bad, message', [
    ([['a']], 'clip 0 has keypoints of shape'), (3, 'clip 0 has keypoints of shape'),
    ([[1], [2, 3]], 'clip 0 is not an array'),
    (np.ones((1, 5, 25, 3), complex), 'clip 0 has keypoints of type complex128'),
    (np.ones((1, 5, 25, 3)).astype(str), 'not real numbers'),
    (np.full((1, 5, 25, 3), 1e300), 'clip 0 has NaN or infinite coordinates')])
def test_what_is_not_a_clip_of_numbers(bad, message):
    with pytest.raises(ValueError, match=message):
        extract(init_model(Config(dict(model=small_model(), load_pipeline=[]))), [bad])


def test_millimetres_are_warned_of(monkeypatch):
    messages, model = [], init_model(Config(dict(model=small_model(), load_pipeline=[])))
    monkeypatch.setattr('hico_mm.apis.prepare.print_log', lambda text, *args: messages.append(text))
    clip = np.random.default_rng(0).normal(size=(1, 5, 25, 3))
    extract(model, [clip])
    assert not messages
    extract(model, [1000 * clip])
    assert '1 of the 1 clips have bones with' in messages[0]


@pytest.mark.parametrize('shape', [(2, 5, 25, 3), (5, 25, 3)])
def test_one_array_is_not_taken_for_several_clips(shape):
    model = init_model(Config(dict(model=small_model(), load_pipeline=[])))
    clip = np.random.default_rng(0).normal(size=shape).astype('f4')
    with pytest.raises(UserError, match=r'is one array of shape .*: pass \[clip\] for one clip'):
        extract(model, clip)
    one = extract(model, [clip])
    assert len(one) == 1
    if len(shape) == 4:
        np.testing.assert_array_equal(extract(model, clip[None]), one)
        assert len(extract(model, list(clip))) == 2


def test_of_too_many_persons_those_that_move_most_are_kept_as_in_a_dataset():
    model = init_model(Config(dict(model=small_model(), load_pipeline=[dict(type='NormalizeSkeleton')])))
    rng = np.random.default_rng(0)
    still, first, second = (rng.normal(size=(1, 25, 3)) + size * rng.normal(size=(9, 25, 3)) for size in (.01, 1, 1))
    np.testing.assert_array_equal(extract(model, [np.stack([still, first, second])]),
                                  extract(model, [np.stack([first, second])]))
