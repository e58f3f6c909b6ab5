import errno
import pickle
import pickletools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.fileio import LocalBackend
from mmengine.runner import save_checkpoint

from hico_mm.errors import UserError
from hico_mm.fileio import atomic_write, check_not_read, check_writable, dump_pickle


def test_whole_or_not_at_all(tmp_path):
    path = tmp_path / 'folder' / 'a.txt'
    with atomic_write(path) as temporary:
        temporary.write_text('whole')
        assert not path.exists()
    assert path.read_text() == 'whole'
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text('ha')
        raise KeyboardInterrupt
    assert path.read_text() == 'whole' and list(path.parent.iterdir()) == [path]


def test_an_interrupted_save_leaves_the_checkpoint_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / 'epoch_1.pth'
    save_checkpoint(dict(weight=torch.ones(3)), str(path), backend_args=dict(backend='AtomicLocalBackend'))

    def interrupted(self, obj, filepath):
        Path(filepath).write_bytes(obj[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalBackend, 'put', interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(dict(weight=torch.zeros(3)), str(path), backend_args=dict(backend='AtomicLocalBackend'))
    assert torch.load(path)['weight'].tolist() == [1, 1, 1] and list(tmp_path.iterdir()) == [path]


def test_pickling_arrays_takes_no_second_copy_of_them(tmp_path):
    arrays = [np.full(10_000, i, np.float32) for i in range(500)]
    tracemalloc.start()
    dump_pickle(arrays, tmp_path / 'a.pkl')
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.1 * sum(array.nbytes for array in arrays)
    with open(tmp_path / 'a.pkl', 'rb') as file:
        loaded = pickle.load(file)
    np.testing.assert_array_equal(loaded, arrays)
    loaded[0][:] = 1  # as any reader may


def test_what_numpy_2_pickles_numpy_1_can_read(tmp_path):
    dump_pickle(dict(a=np.zeros((2, 3)), b=[np.float32(1)]), tmp_path / 'a.pkl')
    names = {argument for _, argument, _ in pickletools.genops((tmp_path / 'a.pkl').read_bytes())}
    assert '_reconstruct' in names and '_frombuffer' not in names  # numpy 1.26 has no numpy._core.numeric


def test_what_cannot_be_written_is_found_before_the_work(tmp_path):
    (tmp_path / 'file').touch()
    check_writable(tmp_path / 'new' / 'deep' / 'a.pkl')
    check_writable(tmp_path / 'file')
    check_writable(tmp_path / 'new', folder=True)
    assert [path.name for path in tmp_path.iterdir()] == ['file']  # nothing is left behind
    for path, folder, said in ((tmp_path, False, 'is a folder: give the name of a file'),
                               (tmp_path / 'file', True, 'is not a folder: choose another path'),
                               (tmp_path / 'file' / 'a.pkl', False, 'is not a folder: choose another path')):
        with pytest.raises(UserError, match=said):
            check_writable(path, folder)


def test_a_full_disk_names_the_file_and_the_remedy(tmp_path):
    with pytest.raises(OSError, match='a.pkl cannot be written .No space left on device.: free some space') as caught:
        with atomic_write(tmp_path / 'a.pkl'):
            raise OSError(errno.ENOSPC, 'No space left on device')
    assert caught.value.errno == errno.ENOSPC and not list(tmp_path.iterdir())


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    (tmp_path / 'far').mkdir()
    (tmp_path / 'far' / 'a.txt').write_text('old')
    (tmp_path / 'a.txt').symlink_to('far/a.txt')
    with atomic_write(tmp_path / 'a.txt') as temporary:
        temporary.write_text('new')
    assert (tmp_path / 'a.txt').is_symlink() and (tmp_path / 'far' / 'a.txt').read_text() == 'new'


def test_a_file_that_is_read_is_not_written(tmp_path):
    (tmp_path / 'a.txt').write_text('old')
    (tmp_path / 'b.txt').symlink_to('a.txt')
    check_not_read(tmp_path / 'c.txt', tmp_path / 'a.txt', tmp_path / 'gone.txt')
    with pytest.raises(UserError, match='b.txt is read here, so it cannot be the file to write as well'):
        check_not_read(tmp_path / 'b.txt', tmp_path / 'a.txt')
