"""Two processes over gloo, by the scripts a user starts."""

import os
import re
import socket
import subprocess
import sys

import pytest
import torch
from conftest import ROOT
from helpers import make_demo

CONFIGS = ROOT / 'configs' / 'hico' / 'demo'
# Of 4 subjects 3 train: 89 clips for each of two ranks.
BATCH, STEPS, LENGTH = 32, 2, 256
GRANULARITIES = 'model.neck.num_granularities=4'


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """Run a command in a folder with demo data and a pretraining by two processes; returns what it printed."""
    folder = tmp_path_factory.mktemp('ranks')

    def command(*args):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        result = subprocess.run(list(map(str, args)), cwd=folder, text=True, capture_output=True, env=dict(
            os.environ, PYTHON=sys.executable, PORT=str(port), OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES=''))
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        return result.stdout + result.stderr

    tools = ROOT / 'tools'
    sizes = make_demo(lambda script, *args: command(sys.executable, tools / script, *args), 4)
    assert sizes['xsub_train'] // 2 // BATCH == STEPS
    command('bash', tools / 'dist_train.sh', CONFIGS / 'hico_lstm_demo.py', 2, '--seed', 0, '--work-dir', 'pretrain',
            '--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1', 'train_cfg.val_interval=1',
            f'train_dataloader.batch_size={BATCH}', GRANULARITIES)
    command.folder = folder
    return command


def accuracy(printed):
    return re.findall(r'acc/top1: ([0-9.]+)', printed)[-1]


def test_keys_of_both_ranks_are_in_the_queue(run):
    checkpoint = torch.load(run.folder / 'pretrain/epoch_1.pth', weights_only=True)['state_dict']
    assert checkpoint['key_encoder.steps'] == STEPS
    assert checkpoint['head.queues.instance.pointer'] == STEPS * 2 * BATCH % LENGTH != STEPS * BATCH % LENGTH
    assert checkpoint['head.queues.clip.pointer'] == STEPS * 2 * BATCH * 4 % (4 * LENGTH)


def test_retrieval_is_the_same_by_one_process_and_by_two(run):
    test = ROOT / 'tools' / 'test.py'
    config, options = CONFIGS / 'hico_lstm_demo_knn.py', ('--cfg-options', GRANULARITIES)
    one = run(sys.executable, test, config, 'pretrain/epoch_1.pth', *options)
    two = run('bash', ROOT / 'tools' / 'dist_test.sh', config, 'pretrain/epoch_1.pth', 2, *options)
    assert accuracy(one) == accuracy(two)


def test_linear_evaluation_is_the_same_by_one_process_and_by_two(run):
    options = ('--pretrained', 'pretrain/epoch_1.pth', '--seed', 0, '--cfg-options', 'train_cfg.max_epochs=3',
               GRANULARITIES)
    config = CONFIGS / 'hico_lstm_demo_linear.py'
    run(sys.executable, ROOT / 'tools' / 'train.py', config, '--work-dir', 'one', *options)
    run('bash', ROOT / 'tools' / 'dist_train.sh', config, 2, '--work-dir', 'two', *options)
    one, two = (torch.load(run.folder / name / 'epoch_3.pth', weights_only=True)['state_dict']
                for name in ('one', 'two'))
    for name in one:
        torch.testing.assert_close(one[name], two[name], atol=1e-4, rtol=1e-3)
