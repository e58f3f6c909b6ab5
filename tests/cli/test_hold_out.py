import pickle

import pytest

from hico_mm.cli import hold_out
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation


@pytest.fixture
def divide(command, tmp_path):
    dump_pickle(make_annotation(), tmp_path / 'a.pkl')

    def run(split, names):
        return command(hold_out.main, tmp_path / 'a.pkl', '--split', split, '--names', names, '--out',
                       tmp_path / 'out.pkl')

    return run


def test_a_split_in_two(divide, tmp_path):
    code, printed, _ = divide('train', 'clip[0-3]$')
    assert code == 0 and 'train_fit 8, train_held 4' in printed
    content = pickle.loads((tmp_path / 'out.pkl').read_bytes())
    assert content['split']['train_held'] == ['clip0', 'clip1', 'clip2', 'clip3']
    assert content['split']['train_held'] + content['split']['train_fit'] == content['split']['train']
    assert len(content['split']['val']) == 12 and len(content['annotations']) == 24


@pytest.mark.parametrize('split, names, said', [
    ('train', 'S001', 'is found in 0 of the 12 names of "train", such as clip0: give a pattern'),
    ('train', 'clip', 'is found in 12 of the 12'),
    ('test', 'clip1', 'has no split "test": it has'),
    ('train', '(', 'unterminated'),
])
def test_what_cannot_be_done(divide, tmp_path, split, names, said):
    code, printed, error = divide(split, names)
    assert code == 1 and said in error and not (tmp_path / 'out.pkl').exists()
