import json

import numpy as np
import pytest

from hico_mm.apis import SkeletonInferencer
from hico_mm.cli import infer
from tests.apis.test_inferencer import trained  # noqa: F401


def test_json_and_archive(trained, tmp_path, command):  # noqa: F811
    annotation, pretrained, checkpoint = trained
    clips = annotation['annotations'][:2]
    np.save(tmp_path / 'turned.npy', clips[1]['keypoint'].transpose(3, 1, 2, 0))
    files = [f'{tmp_path}/annotation.pkl:clip0', tmp_path / 'turned.npy']
    expected = SkeletonInferencer(checkpoint, 'cpu')(clips)['predictions']
    code, printed, _ = command(infer.main, checkpoint, *files, '--axes', 'CTVM', '--json', '--topk', 3, '--out',
                               tmp_path / 'o.npz')
    content = json.loads(printed)
    assert code == 0 and content['note'] is None and [p['name'] for p in content['predictions']] == ['clip0', 'turned']
    for prediction, wanted in zip(content['predictions'], expected):
        assert [row['label'] for row in prediction['top']] == [row['label'] for row in wanted['top'][:3]]
        assert prediction['top'][0]['probability'] == pytest.approx(wanted['top'][0]['probability'], abs=1e-5)
    with np.load(tmp_path / 'o.npz') as written:
        np.testing.assert_allclose(written['probability'], [p['probability'] for p in expected], atol=1e-5)
        np.testing.assert_allclose(written['feature'], [p['feature'] for p in expected], atol=1e-5)
        assert written['name'].tolist() == ['clip0', 'turned']
    code, printed, _ = command(infer.main, pretrained, files[0], '--json')
    content = json.loads(printed)
    assert code == 0 and len(content['predictions'][0]['feature']) == 128 and 'has no classifier' in content['note']


def test_classes_are_listed(trained, tmp_path, command):  # noqa: F811
    code, printed, _ = command(infer.main, trained[2], f'{tmp_path}/annotation.pkl:clip1', '--topk', 2)
    name, rest = printed.strip().split('  ')
    assert code == 0 and name == 'clip1' and len(rest.split(', ')) == 2
    assert rest.split(' ')[0] in ('<b>', 'wave', 'kick', 'push')


@pytest.mark.parametrize('options, said', [
    (['a.skeleton', '--axes', 'CTVM'], '--axes describes .npy, .npz and .csv arrays, but none is given'),
    (['a.pkl:a', '--format', 'array'], '--format is that of recordings, but only clips of annotations are given'),
    (['a.npy', '--out', 'a.txt'], 'must end with .npz'), (['a.npy', '--topk', '0'], 'not a whole number'),
    ([], 'the following arguments are required: FILE')])
def test_what_has_no_meaning_is_refused(options, said, capsys):
    with pytest.raises(SystemExit):
        infer.main(['ckpt.pth', *options])
    assert said in capsys.readouterr().err
