import os
import pickle

import numpy as np
import pytest

from hico_mm.datasets import load_plain_pickle


@pytest.mark.parametrize('protocol', range(2, 6))
def test_plain_data_of_every_protocol(tmp_path, protocol):
    array = np.arange(6, dtype=np.float16).reshape(2, 3)
    content = dict(a=[array, np.float32(2), np.int64(3)], b={'x', 1}, c=(None, 2.))
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(content, protocol))
    loaded = load_plain_pickle(path)
    assert (loaded['a'][0] == content['a'][0]).all() and loaded['a'][1:] == [2, 3]
    assert loaded['b'] == content['b'] and loaded['c'] == content['c']


class Evil:

    def __reduce__(self):
        return os.system, ('touch evil',)


def test_code_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'evil.pkl').write_bytes(pickle.dumps([Evil()]))
    with pytest.raises(ValueError, match=r'evil.pkl is not a whole pickle of plain data \(.*system is not plain data'):
        load_plain_pickle('evil.pkl')
    assert not (tmp_path / 'evil').exists()


def test_truncated_missing_and_other_files(tmp_path):
    whole = pickle.dumps(dict(a=np.zeros(1000)), 4)
    for content in (whole[:-100], whole[:2], b'', b'not a pickle at all'):
        (tmp_path / 'broken.pkl').write_bytes(content)
        with pytest.raises(ValueError, match='broken.pkl is not a whole pickle'):
            load_plain_pickle(tmp_path / 'broken.pkl')
    with pytest.raises(FileNotFoundError, match='prepare_'):
        load_plain_pickle(tmp_path / 'none.pkl')
