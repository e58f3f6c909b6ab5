"""The scores that a checkpoint states are measured again."""

import json
import re

import numpy as np
import pytest
import torch

from hico_mm.apis import describe_checkpoint, extract, init_model
from hico_mm.apis.export_encoder import export_encoder
from hico_mm.apis.verify import verify
from hico_mm.checkpoints import META_KEY
from hico_mm.cli import test, train
from hico_mm.cli.verify import main
from hico_mm.datasets.annotation import read_annotation
from hico_mm.errors import UserError
from hico_mm.evaluation.probe import probe
from hico_mm.fileio import dump_pickle
from hico_mm.shipped import find_checkpoint, shipped_weights

pytest.importorskip('sklearn')


@pytest.fixture
def trained(make_runner):
    """A checkpoint of one epoch, and its annotation."""
    runner = make_runner('trained')
    runner.train()
    return f'{runner.work_dir}/epoch_1.pth', runner.cfg.train_dataloader.dataset.ann_file


def test_retrieval_is_that_of_validation_during_pretraining(trained, capsys):
    checkpoint, ann_file = trained
    rows = {row.score: row for row in verify(checkpoint, ann_file)}
    assert rows['knn'].measured == pytest.approx(describe_checkpoint(checkpoint).scores['acc/top1'])
    assert rows['knn'].agrees and rows['linear'].stated is None
    assert main([checkpoint, '--ann-file', ann_file]) == 0
    out = capsys.readouterr().out
    assert f'{100 * rows["knn"].measured:.1f} %' in out and 'the scores are as stated' in out


def test_a_checkpoint_of_the_encoder_alone_has_the_same_features_and_scores(trained, tmp_path):
    checkpoint, ann_file = trained
    weights = export_encoder(checkpoint, tmp_path / 'encoder.pth')
    alone, whole = init_model(None, tmp_path / 'encoder.pth'), init_model(None, checkpoint)
    assert weights == sum(weight.numel() for weight in alone.state_dict().values())
    clips = [np.asarray(clip['keypoint']) for clip in read_annotation(ann_file).clips[:3]]
    np.testing.assert_array_equal(extract(alone, clips), extract(whole, clips))
    assert verify(tmp_path / 'encoder.pth', ann_file) == verify(checkpoint, ann_file)


def test_scores_are_recorded_and_a_wrong_one_is_found(trained, capsys):
    checkpoint, ann_file = trained
    assert main([checkpoint, '--ann-file', ann_file, '--state']) == 0
    rows = verify(checkpoint, ann_file)
    assert [row.stated for row in rows] == [row.measured for row in rows]
    content = torch.load(checkpoint, weights_only=False)
    description = json.loads(content['meta'][META_KEY])
    description['scores']['linear'] += 0.02
    content['meta'][META_KEY] = json.dumps(description)
    torch.save(content, checkpoint)
    capsys.readouterr()
    assert main([checkpoint, '--ann-file', ann_file]) == 1
    assert 'linear differs by more than half a point, and the training split is the one that' in capsys.readouterr().out
    annotation = read_annotation(ann_file)
    annotation.clips[0]['keypoint'] = annotation.clips[0]['keypoint'] + 1
    dump_pickle(dict(split=annotation.splits, annotations=annotation.clips), ann_file)
    assert main([checkpoint, '--ann-file', ann_file]) == 1
    assert 'the training split is not the one that the checkpoint was trained on' in capsys.readouterr().out


def test_what_cannot_be_verified_gets_one_sentence(trained, annotation_file, capsys):
    checkpoint, ann_file = trained
    with pytest.raises(SystemExit):
        main([checkpoint])
    assert '--ann-file is needed: give the annotation' in capsys.readouterr().err
    with pytest.raises(UserError, match='has no split "other": it has'):
        verify(checkpoint, ann_file, 'other')
    with pytest.raises(UserError, match='does not exist: check the path'):
        verify('missing.pth', ann_file)
    with pytest.raises(UserError, match='or use weights that come with the package: .*hico-lstm-small'):
        verify('hico-lstm-smal', ann_file)


def test_names_of_weights_are_found_where_no_file_has_them(tmp_path, monkeypatch):
    monkeypatch.setattr('hico_mm.shipped.WEIGHTS', tmp_path / 'weights')
    monkeypatch.chdir(tmp_path)
    assert str(find_checkpoint('own')) == 'own'
    (tmp_path / 'weights').mkdir()
    (tmp_path / 'weights' / 'own.pth').touch()
    assert find_checkpoint('own') == tmp_path / 'weights' / 'own.pth'
    assert str(find_checkpoint('folder/own')) == 'folder/own'
    (tmp_path / 'own').touch()
    assert str(find_checkpoint('own')) == 'own'


def test_the_probe_standardises_and_uses_the_nearest_clip():
    torch.manual_seed(0)
    labels = torch.arange(3).repeat(20)
    features = torch.nn.functional.one_hot(labels).float() * torch.tensor([1., 100., .01]) + 5
    features += 1e-3 * torch.randn(60, 3) * torch.tensor([1., 100., .01])
    assert probe(features, labels, features, labels) == dict(knn=1.0, linear=1.0)
    shuffled = labels.roll(1)
    assert probe(features, labels, features, shuffled)['linear'] == 0


def test_weights_that_come_with_the_package_encode_and_state_their_scores():
    assert shipped_weights() == ['hico-gru-small', 'hico-lstm-small', 'hico-transformer-small']
    for name in shipped_weights():
        description, model = describe_checkpoint(name), init_model(None, name)
        assert {'knn', 'linear'} <= set(description.scores) and description.training_data['split'] == 'xsub_train'
        clip = np.random.default_rng(0).normal(size=(1, 40, 25, 3))
        features = extract(model, [clip])
        assert features.shape == (1, 256) and np.isfinite(features).all()
        assert not {'/tmp', '/home', '/work', '/root'} & set(re.findall(r'/\w+', description.to_json()))  # no paths


def test_a_classifier_is_trained_on_weights_by_name(tmp_path, annotation_file, capsys):
    """Training and testing load the file, whatever the folder; finetuning changes the encoder, so both are tried."""
    path = annotation_file(num_persons=2, num_classes=4)
    options = [f'{loader}_dataloader.dataset.{key}={value}' for loader, split in (
        ('train', 'train'), ('val', 'val'), ('test', 'val')) for key, value in (
            ('ann_file', path), ('split', split), ('layout', 'ntu'))]
    run = [str(tmp_path / 'run'), '--cfg-options', 'train_dataloader.batch_size=4', *options]
    words = ['hico_nwucla_finetune', '--pretrained', 'hico-lstm-small', '--epochs', '1', '--work-dir', *run]
    assert train.main(words) == 0
    description = describe_checkpoint(tmp_path / 'run' / 'epoch_1.pth')
    assert description.task == 'finetuning' and description.encoder['file'] == 'hico-lstm-small.pth'
    assert test.main(['hico_demo_knn', 'hico-lstm-small', '--work-dir', str(tmp_path / 'knn'), '--cfg-options', *[
        option for option in options if not option.startswith('val')]]) == 0
    assert 'k-NN' in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize('name', shipped_weights())
def test_the_stated_scores_are_those_on_the_synthetic_data(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([name]) == 0
    assert 'the scores are as stated' in capsys.readouterr().out


def test_splits_that_share_clips_or_have_none_are_refused(trained, tmp_path):
    checkpoint, ann_file = trained
    with pytest.raises(UserError, match='12 of the 12 clips of split "train" .* are also in the training split'):
        verify(checkpoint, ann_file, 'train')
    annotation = read_annotation(ann_file)
    dump_pickle(dict(split=dict(annotation.splits, none=[]), annotations=annotation.clips), tmp_path / 'none.pkl')
    with pytest.raises(UserError, match='split "none" of .* has no clips'):
        verify(checkpoint, tmp_path / 'none.pkl', 'none')
