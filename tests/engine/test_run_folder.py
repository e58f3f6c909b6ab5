"""The folder of a run belongs to one process, and what killed ones left is removed."""

import os
import threading
import time

import pytest

from hico_mm.engine.run_folder import cut_logs, lock_folder, log_sizes, set_logs_aside
from hico_mm.errors import UserError
from hico_mm.fileio import atomic_write
from tests.scripts import Script

HOLD = '''
import sys, time
from hico_mm.engine.run_folder import lock_folder
from hico_mm.fileio import atomic_write
with lock_folder(sys.argv[1]), atomic_write(sys.argv[1] + '/held.pth'):
    print('held', flush=True)
    time.sleep(60)
'''


@pytest.fixture
def holder(tmp_path, tmp_path_factory):
    """A process that holds the folder, and is writing a file in it."""
    program = tmp_path_factory.mktemp('holder') / 'hold.py'
    program.write_text(HOLD)
    script = Script(program.parent, program, tmp_path)
    while script.printed != 'held\n':
        assert script.process.is_alive(), script.printed
        time.sleep(0.02)
    yield script.process
    script.process.kill()
    script.wait()


def age(folder):
    """Make temporary files look as if they were not made just now."""
    for path in folder.glob('.*.writing-*'):
        os.utime(path, (0, 0))


def test_a_folder_in_use_is_refused_and_what_is_being_written_there_stays(holder, tmp_path, monkeypatch):
    monkeypatch.setattr('hico_mm.locks.PATIENCE', 0.2)
    age(tmp_path)
    with pytest.raises(UserError, match=rf'{tmp_path} is in use by process {holder.pid} of .*: wait until it ends'):
        with lock_folder(tmp_path):
            pass
    with atomic_write(tmp_path / 'held.pth'):
        assert len(list(tmp_path.glob('.held.pth.writing-*'))) == 2


def test_a_folder_that_is_about_to_be_free_is_waited_for(holder, tmp_path):
    threading.Timer(1, holder.kill).start()
    with lock_folder(tmp_path):
        assert not holder.is_alive()


def test_a_linked_folder_of_logs_is_not_ours(tmp_path):
    (tmp_path / 'other' / 'vis_data').mkdir(parents=True)
    (tmp_path / 'other' / 'vis_data' / 'scalars.json').write_text('{"step": 1}\n')
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'linked').symlink_to(tmp_path / 'other')
    cut_logs(tmp_path / 'run', {'linked/vis_data/scalars.json': 0}, keep='c')
    assert (tmp_path / 'other' / 'vis_data' / 'scalars.json').read_text() == '{"step": 1}\n'


def test_after_a_kill_the_folder_is_free_and_clean(holder, tmp_path):
    holder.kill()
    holder.join()
    age(tmp_path)
    assert list(tmp_path.glob('.held.pth.writing-*'))
    with lock_folder(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ['.lock']


def test_logs_are_cut_where_they_were(tmp_path):
    for name in ('a', 'b'):
        (tmp_path / name / 'vis_data').mkdir(parents=True)
        (tmp_path / name / 'vis_data' / 'scalars.json').write_text('{"step": 1}\n')
    (tmp_path / 'a' / 'vis_data' / 'notes.txt').write_text('mine\n')
    (tmp_path / 'mine.json').write_text('{}')
    sizes = dict(log_sizes(tmp_path))
    assert sizes == {'a/vis_data/scalars.json': 12, 'b/vis_data/scalars.json': 12}
    del sizes['b/vis_data/scalars.json']  # of a run that began after the checkpoint
    (tmp_path / 'a' / 'vis_data' / 'scalars.json').write_text('{"step": 1}\n{"step": 2}\n{"st')
    cut_logs(tmp_path, {**sizes, '../mine.json': 0, 'a/vis_data/notes.txt': 0}, keep='c')
    assert (tmp_path / 'a' / 'vis_data' / 'scalars.json').read_text() == '{"step": 1}\n'
    assert (tmp_path / 'b' / 'vis_data_superseded_1' / 'scalars.json').read_text() == '{"step": 1}\n'
    assert (tmp_path / 'a' / 'vis_data' / 'notes.txt').read_text() == 'mine\n'
    assert (tmp_path / 'mine.json').read_text() == '{}'


def test_logs_of_runs_without_a_checkpoint_are_set_aside(tmp_path):
    (tmp_path / 'a' / 'vis_data').mkdir(parents=True)
    (tmp_path / 'a' / 'vis_data' / 'scalars.json').write_text('{"step": 1}\n')
    set_logs_aside(tmp_path)
    assert not log_sizes(tmp_path)
    assert (tmp_path / 'a' / 'vis_data_superseded_1' / 'scalars.json').read_text() == '{"step": 1}\n'
