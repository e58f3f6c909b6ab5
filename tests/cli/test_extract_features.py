import numpy as np
import pytest

from hico_mm.cli import extract_features
from hico_mm.engine.loaders import training_split
from hico_mm.evaluation import encode
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation, small_model


def run(*args):
    return extract_features.main(list(map(str, args)))


def test_features_labels_and_names_in_order(make_runner, linear_model, tmp_path):
    runner = make_runner('pretrain')
    runner.train()
    expected = encode(runner.model, training_split(runner))
    checkpoint = runner.work_dir + '/epoch_1.pth'
    downstream = make_runner('linear', model=linear_model).cfg  # the encoder is that of the checkpoint, the head is not
    for config in (runner.cfg, downstream):
        config.dump(tmp_path / 'config.py')
        assert run(tmp_path / 'config.py', checkpoint, '--split', 'train', '--out', tmp_path / 'out' / 'train.npz') == 0
        with np.load(tmp_path / 'out' / 'train.npz') as written:
            np.testing.assert_allclose(written['feature'], expected.features, atol=1e-6)
            assert written['label'].tolist() == expected.labels.tolist()
            assert written['name'].tolist() == [sample.frame_dir for sample in expected.samples]


def test_the_order_is_that_of_the_split_and_not_of_the_annotations(make_runner, tmp_path):
    annotation = make_annotation()
    names = annotation['split']['val'] = annotation['split']['val'][::-1]
    dump_pickle(annotation, tmp_path / 'annotation.pkl')
    runner = make_runner('pretrain')
    runner.train()
    runner.cfg.dump(tmp_path / 'config.py')
    out = tmp_path / 'features.npz'
    assert run(tmp_path / 'config.py', runner.work_dir + '/epoch_1.pth', '--split', 'val', '--out', out) == 0
    with np.load(out) as written:
        assert written['name'].tolist() == names
        assert written['label'].tolist() == [int(name[4:]) % 4 for name in names]


def test_what_cannot_be_done_is_said(make_runner, tmp_path, capsys):
    runner = make_runner('pretrain', model=small_model(**{'neck.encoder.type': 'LSTMEncoder'}))
    runner.train()
    checkpoint, config, out = runner.work_dir + '/epoch_1.pth', tmp_path / 'config.py', tmp_path / 'a.npz'
    runner.cfg.dump(config)
    assert run(config, checkpoint, '--split', 'test', '--out', out) == 1
    assert 'has no split "test": it has [\'train\', \'val\']' in capsys.readouterr().err
    make_runner('gru').cfg.dump(config)
    assert run(config, checkpoint, '--split', 'val', '--out', out) == 1
    said = capsys.readouterr().err
    assert "epoch_1.pth has model.neck.encoder.type='LSTMEncoder', but the config sets 'GRUEncoder'" in said
    assert not out.exists()
    with pytest.raises(SystemExit):
        run(config, checkpoint, '--split', 'val', '--out', tmp_path / 'a.txt')
    assert 'must end with .npz' in capsys.readouterr().err
