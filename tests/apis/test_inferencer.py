import numpy as np
import pytest
import torch
from mmengine.fileio import load

from hico_mm.apis import SkeletonInferencer, extract, init_model
from hico_mm.cli import infer, test
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation


@pytest.fixture
def trained(make_runner, linear_model, tmp_path):
    """An annotation with class names and a clip of three persons; checkpoints of pretraining and of a classifier."""
    runner = make_runner('pretrain')
    annotation = make_annotation()
    third = annotation['annotations'][20]
    third['keypoint'] = np.concatenate([third['keypoint'][:1] * .1, third['keypoint']])
    dump_pickle(dict(annotation, classes=['<b>', 'wave', 'kick', 'push']), tmp_path / 'annotation.pkl')
    runner.train()
    linear = make_runner('linear', model=dict(linear_model, pretrained=f'{runner.work_dir}/epoch_1.pth'))
    linear.train()
    linear.cfg.dump(tmp_path / 'linear.py')
    return annotation, f'{runner.work_dir}/epoch_1.pth', f'{linear.work_dir}/epoch_1.pth'


def test_predictions_are_those_of_the_test_of_the_model(trained, tmp_path, command):
    annotation, _, checkpoint = trained
    code, _, said = command(test.main, tmp_path / 'linear.py', checkpoint, '--dump', tmp_path / 'dump.pkl')
    assert code == 0, said
    expected = {sample['frame_dir']: torch.as_tensor(sample['pred_score']).softmax(0).numpy()
                for sample in load(tmp_path / 'dump.pkl')}
    clips = [clip for clip in annotation['annotations'] if clip['frame_dir'] in expected]
    assert len(clips) == 12 and any(len(clip['keypoint']) == 3 for clip in clips)
    inferencer = SkeletonInferencer(checkpoint, 'cpu')
    for batch_size in (5, 64):
        predictions = inferencer(clips, batch_size=batch_size, topk=2)['predictions']
        for clip, prediction in zip(clips, predictions):
            probability = expected[clip['frame_dir']]
            assert prediction['name'] == clip['frame_dir']
            np.testing.assert_allclose(prediction['probability'], probability, atol=1e-5)
            best = int(probability.argmax())
            assert prediction['top'][0]['label'] == best and len(prediction['top']) == 2
            assert prediction['top'][0]['class_name'] == ['<b>', 'wave', 'kick', 'push'][best]
    features = extract(init_model(None, checkpoint), [clip['keypoint'] for clip in clips])
    np.testing.assert_allclose(np.stack([prediction['feature'] for prediction in predictions]), features, atol=1e-5)


def test_inputs_may_be_files_folders_arrays_and_lists_of_these(trained, tmp_path):
    annotation, _, checkpoint = trained
    inferencer = SkeletonInferencer(checkpoint, 'cpu')
    arrays = [clip['keypoint'] for clip in annotation['annotations'][:3]]
    (tmp_path / 'clips').mkdir()
    for i, array in enumerate(arrays):
        np.save(tmp_path / f'clips/{i}.npy', array)
    (tmp_path / 'clips/notes.md').write_text('')
    expected = [prediction['probability'] for prediction in inferencer(arrays)['predictions']]
    entries = [annotation['annotations'][0], tmp_path / 'clips/1.npy', arrays[2]]
    for inputs in (str(tmp_path / 'clips'), tmp_path / 'clips', entries, [tmp_path / 'clips']):
        found = [prediction['probability'] for prediction in inferencer(inputs)['predictions']]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert [p['name'] for p in inferencer(entries)['predictions']] == ['clip0', '1', 'clip 2']
    several = np.stack([arrays[0][:, :1]] * 2)
    assert len(inferencer(several)['predictions']) == 2 and len(inferencer(several[0])['predictions']) == 1
    turned = inferencer(arrays[0].transpose(3, 1, 2, 0), axes='CTVM')['predictions'][0]
    np.testing.assert_allclose(turned['probability'], expected[0], atol=1e-6)
    sample, = inferencer(arrays[0], return_datasamples=True)['predictions']
    np.testing.assert_allclose(sample.pred_score.softmax(0), expected[0], atol=1e-6)
    assert sample.pred_label.item() == expected[0].argmax() and sample.feature.shape == (128, )


def test_mistakes_are_named(trained, tmp_path):
    annotation, _, checkpoint = trained
    inferencer = SkeletonInferencer(checkpoint, 'cpu')
    clip = annotation['annotations'][0]['keypoint']
    for inputs, options, said in (
            ([], {}, 'there are no clips'), ([clip, clip[:, :, :20]], {}, 'clip 1 has 20 joints'),
            (clip * np.nan, {}, 'clip 0 has NaN'), (clip, dict(layout='nw_ucla'), 'has the skeleton "nw_ucla"'),
            (clip, dict(top=3), 'unknown argument'), (clip, dict(topk=0), 'topk must be'),
            (clip, dict(batch_size=0), 'batch_size must be'), (clip, dict(frames=(1, 999)), 'no frames 1 to')):
        with pytest.raises(ValueError, match=said):
            inferencer(inputs, **options)
    (tmp_path / 'bare').mkdir()
    with pytest.raises(UserError, match='bare has no recording in a known format'):
        inferencer(tmp_path / 'bare')


def test_a_pretrained_encoder_gives_features_and_says_that_there_is_no_classifier(trained, tmp_path, command):
    annotation, checkpoint, _ = trained
    clip = annotation['annotations'][0]
    inferencer = SkeletonInferencer(checkpoint, 'cpu')
    prediction, = inferencer(clip)['predictions']
    assert not inferencer.has_classifier and 'top' not in prediction
    np.testing.assert_allclose(prediction['feature'], extract(inferencer.model, [clip['keypoint']])[0], atol=1e-6)
    code, printed, _ = command(infer.main, checkpoint, f'{tmp_path}/annotation.pkl:clip0')
    assert code == 0 and 'clip0  feature of 128 numbers' in printed
    assert f'{checkpoint} has no classifier, so the clips have features but no classes' in printed
