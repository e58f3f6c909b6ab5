"""What `tools/slurm_train.sh` asks of slurm, which is not here: a stand-in for srun prints its arguments."""

import os
import subprocess

import pytest

from tests.conftest import ROOT


@pytest.fixture
def slurm_train(tmp_path):
    srun = tmp_path / 'srun'
    srun.write_text('#!/usr/bin/env bash\necho "port $MASTER_PORT"\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)

    def run(*args, **env):
        env = {**os.environ, 'PATH': f'{tmp_path}:{os.environ["PATH"]}', 'PYTHON': 'python', **env}
        command = ['bash', ROOT / 'tools' / 'slurm_train.sh', *args]
        return subprocess.run(command, env=env, text=True, capture_output=True)

    return run


def test_tasks_gpus_and_arguments(slurm_train):
    printed = slurm_train('gpu', 'hico', 'a.py', '--seed', '0', GPUS='16', SRUN_ARGS='--qos=high --exclusive').stdout
    port, *words = printed.splitlines()
    assert {'--partition=gpu', '--job-name=hico', '--gres=gpu:8', '--ntasks=16', '--ntasks-per-node=8',
            '--qos=high', '--exclusive'} <= set(words)
    assert words[words.index('a.py') + 1:] == ['--launcher', 'slurm', '--seed', '0']
    assert words[words.index('a.py') - 1].endswith('tools/train.py') and 12000 <= int(port.split()[1]) < 32000
    few = slurm_train('gpu', 'hico', 'a.py', GPUS='2').stdout.splitlines()
    assert {'--gres=gpu:2', '--ntasks=2', '--ntasks-per-node=2'} <= set(few)


def test_too_few_arguments(slurm_train):
    result = slurm_train('gpu', 'hico')
    assert result.returncode == 2 and 'PARTITION JOB_NAME CONFIG' in result.stderr
