"""What the launching scripts put on Python's path; a stand-in for Python prints it."""

import os
import subprocess

import pytest

from tests.conftest import ROOT

ARGUMENTS = {
    'dist_train.sh': ('a.py', '2'),
    'dist_test.sh': ('a.py', 'a.pth', '2'),
    'slurm_train.sh': ('gpu', 'job', 'a.py')}


@pytest.fixture
def python_path(tmp_path):
    """The entries of PYTHONPATH that a script gives to what it starts."""
    for name in ('python', 'srun'):
        (tmp_path / name).write_text('#!/usr/bin/env bash\necho "$PYTHONPATH"\n')
        (tmp_path / name).chmod(0o755)

    def run(script, before):
        env = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
        env.update(PATH=f'{tmp_path}:{os.environ["PATH"]}', PYTHON=str(tmp_path / 'python'))
        env.update({} if before is None else dict(PYTHONPATH=before))
        command = ['bash', ROOT / 'tools' / script, *ARGUMENTS[script]]
        printed = subprocess.run(command, env=env, cwd=tmp_path, text=True, capture_output=True, check=True).stdout
        return printed.strip('\n').split(':')

    return run


@pytest.mark.parametrize('script', sorted(ARGUMENTS))
def test_the_current_folder_is_not_searched_for_modules(python_path, script):
    """An empty entry would stand for it, and its files would be run."""
    assert python_path(script, None) == python_path(script, '') == [str(ROOT)]
    assert python_path(script, '/a:/b') == [str(ROOT), '/a', '/b']
