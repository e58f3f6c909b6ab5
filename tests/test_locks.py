"""A file that two processes change."""

import fcntl
import threading

import pytest

from hico_mm.errors import UserError
from hico_mm.fileio import atomic_write
from hico_mm.locks import locked


def test_changes_wait_for_each_other_and_none_is_lost(tmp_path):
    path = tmp_path / 'count.txt'
    path.write_text('0')

    def add():
        for _ in range(25):
            with locked(path):
                number = int(path.read_text())
                with atomic_write(path) as temporary:
                    temporary.write_text(str(number + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() == '100' and [name.name for name in tmp_path.iterdir()] == ['count.txt']


def test_a_file_that_stays_locked_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr('hico_mm.locks.PATIENCE', 0.2)
    path = tmp_path / 'a.npz'
    with locked(path):  # there is nothing to lock yet
        path.write_text('')
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UserError, match='a.npz is being changed by another process: try again'), locked(path):
            pass
    with locked(path):
        pass
