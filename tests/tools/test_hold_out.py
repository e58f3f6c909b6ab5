import pickle

import pytest
from helpers import make_annotation

from hico_mm.utils import dump_pickle


@pytest.fixture
def hold_out(load_tool, monkeypatch, capsys, tmp_path):
    tool = load_tool('data/hold_out.py')
    dump_pickle(make_annotation(), tmp_path / 'a.pkl')

    def run(split, names):
        monkeypatch.setattr('sys.argv', ['hold_out.py', str(tmp_path / 'a.pkl'), '--split', split, '--names', names,
                                         '--out', str(tmp_path / 'out.pkl')])
        return tool.main(), *capsys.readouterr()

    return run


def test_a_split_in_two(hold_out, tmp_path):
    code, printed, _ = hold_out('train', 'clip[0-3]$')
    assert code == 0 and 'train_fit 8, train_held 4' in printed
    content = pickle.loads((tmp_path / 'out.pkl').read_bytes())
    assert content['split']['train_held'] == ['clip0', 'clip1', 'clip2', 'clip3']
    assert content['split']['train_held'] + content['split']['train_fit'] == content['split']['train']
    assert len(content['split']['val']) == 12 and len(content['annotations']) == 24


@pytest.mark.parametrize('split, names, said', [
    ('train', 'S001', 'is found in 0 of the 12 names of "train", clip0 say: nothing is divided'),
    ('train', 'clip', 'is found in 12 of the 12'),
    ('test', 'clip1', 'has no split "test": it has'),
    ('train', '(', 'unterminated'),
])
def test_what_cannot_be_done(hold_out, tmp_path, split, names, said):
    code, printed, error = hold_out(split, names)
    assert code == 1 and said in error and not (tmp_path / 'out.pkl').exists()
