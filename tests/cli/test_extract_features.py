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
    granularities, width = runner.model.neck.num_granularities, runner.model.neck.channels
    for level in 'clip', 'part', 'temporal':
        assert run(tmp_path / 'config.py', checkpoint, '--split', 'train', '--level', level, '--out',
                   tmp_path / f'{level}.npz') == 0
        with np.load(tmp_path / f'{level}.npz') as written:
            assert written['feature'].reshape(len(expected.samples), -1).shape[1] == granularities * width, level
            assert written['feature'].ndim == (2 if level == 'temporal' else 3)


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
    assert 'must end with .npz or .parquet, or be a folder' in capsys.readouterr().err


@pytest.fixture
def world(make_runner, tmp_path):
    """A config, a checkpoint, and the features of its split "train" as a NumPy archive."""
    annotation = make_annotation()
    dump_pickle(dict(annotation, classes=['sit', 'wave', 'kick', 'push']), tmp_path / 'annotation.pkl')
    runner = make_runner('pretrain')
    runner.train()
    runner.cfg.dump(tmp_path / 'config.py')
    words = [tmp_path / 'config.py', runner.work_dir + '/epoch_1.pth', '--split', 'train', '--out']
    assert run(*words, tmp_path / 'train.npz') == 0
    with np.load(tmp_path / 'train.npz') as written:
        return words, dict(written)


def test_a_table_has_the_columns_of_embedding_atlas(world, tmp_path, capsys):
    parquet = pytest.importorskip('pyarrow.parquet')
    words, expected = world
    assert run(*words, tmp_path / 'train.parquet') == 0
    assert '--x projection_x --y projection_y --neighbors neighbors' in capsys.readouterr().out
    table = parquet.read_table(tmp_path / 'train.parquet').to_pydict()
    assert table['name'] == expected['name'].tolist() and table['label'] == expected['label'].tolist()
    assert table['class'] == [['sit', 'wave', 'kick', 'push'][label] for label in table['label']]
    np.testing.assert_allclose(table['vector'], expected['feature'], atol=1e-6)
    unit = expected['feature'] / np.linalg.norm(expected['feature'], axis=1, keepdims=True)
    for row, near in enumerate(table['neighbors']):
        others = np.argsort(-(unit @ unit[row]), kind='stable')
        distances = 1 - np.sort(np.delete(unit @ unit[row], row))[::-1][:10]
        assert len(near['ids']) == 10 and row not in near['ids'] and near['ids'][0] in others[:2]
        np.testing.assert_allclose(near['distances'], distances, atol=1e-5)
    assert len(set(zip(table['projection_x'], table['projection_y']))) == len(table['name'])


def test_a_folder_is_one_of_tensorboards_projector(world, tmp_path, capsys):
    words, expected = world
    assert run(*words, tmp_path / 'projector') == 0
    assert f'tensorboard --logdir {tmp_path / "projector"}' in capsys.readouterr().out
    vectors = np.loadtxt(tmp_path / 'projector/vectors.tsv')
    np.testing.assert_allclose(vectors, expected['feature'], rtol=1e-5, atol=1e-6)
    header, *rows = (tmp_path / 'projector/metadata.tsv').read_text().splitlines()
    assert header.split('\t') == ['name', 'label', 'class']
    assert [row.split('\t')[0] for row in rows] == expected['name'].tolist()
    text_format = pytest.importorskip('google.protobuf.text_format')
    config = pytest.importorskip('tensorboard.plugins.projector.projector_config_pb2').ProjectorConfig()
    text_format.Parse((tmp_path / 'projector/projector_config.pbtxt').read_text(), config)
    assert config.embeddings[0].tensor_path == 'vectors.tsv' and config.embeddings[0].metadata_path == 'metadata.tsv'


def test_a_missing_package_is_named_before_anything_is_computed(world, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__('sys').modules, 'pyarrow', None)
    assert run(*world[0], tmp_path / 'train.parquet') == 1
    assert 'train.parquet needs the packages pyarrow and scikit-learn: pip install' in capsys.readouterr().err
    assert not (tmp_path / 'train.parquet').exists()
