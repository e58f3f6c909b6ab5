"""Two processes over gloo, by the scripts a user starts."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest
import torch

from hico_mm.checkpoints import load_checkpoint
from tests.conftest import ROOT
from tests.helpers import make_demo
from tests.scripts import TOOLS, run_ranks, run_script

CONFIGS = ROOT / 'configs' / 'hico'
PRETRAIN, GRAPH = CONFIGS / 'demo' / 'hico_lstm_demo.py', CONFIGS / 'demo' / 'hico_stgcn_demo.py'
# Of 4 subjects 3 train: 89 clips for each of two ranks.
BATCH, STEPS, LENGTH = 32, 2, 256
GRANULARITIES = 'model.neck.num_granularities=4'
ONE_EPOCH = ('--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1', 'train_cfg.val_interval=1')
TINY = ('model.backbone.channels=16', 'model.projector.hidden_channels=16', 'model.projector.out_channels=8')


def start(folder, *args, **env):
    """Start a command without a GPU."""
    env = dict(os.environ, PYTHON=sys.executable, OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', **env)
    return subprocess.Popen(list(map(str, args)), cwd=folder, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env=env)


def finish(process):
    """What a command printed, when it has ended well."""
    printed = process.communicate()[0]
    assert process.returncode == 0, printed[-6000:]
    return printed


def free_port():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return str(free.getsockname()[1])


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """Run a command in a folder with demo data and a pretraining by two processes; returns what it printed."""
    folder = tmp_path_factory.mktemp('ranks')

    def command(*args):
        return finish(start(folder, *args, PORT=free_port()))

    def ranks(script, *args):
        return run_ranks(2, folder, TOOLS / script, *args, CUDA_VISIBLE_DEVICES='')

    sizes = make_demo(lambda script, *args: run_script(folder, TOOLS / script, *args), 4)
    assert sizes['xsub_train'] // 2 // BATCH == STEPS
    command('bash', TOOLS / 'dist_train.sh', PRETRAIN, 2, '--seed', 0, '--work-dir', 'pretrain',
            *ONE_EPOCH, f'train_dataloader.batch_size={BATCH}', GRANULARITIES, *TINY)
    command.folder, command.clips, command.ranks = folder, sizes['xsub_train'], ranks
    return command


def weights(run, name, epoch=1):
    return load_checkpoint(run.folder / name / f'epoch_{epoch}.pth')['state_dict']


def accuracy(printed):
    return re.findall(r'acc/top1: ([0-9.]+)', printed)[-1]


def test_keys_of_both_ranks_are_in_the_queue(run):
    checkpoint = weights(run, 'pretrain')
    assert checkpoint['key_encoder.steps'] == STEPS
    assert checkpoint['head.queues.instance.pointer'] == STEPS * 2 * BATCH % LENGTH != STEPS * BATCH % LENGTH
    assert checkpoint['head.queues.clip.pointer'] == STEPS * 2 * BATCH * 4 % (4 * LENGTH)


def test_retrieval_is_the_same_by_one_process_and_by_two(run):
    config = CONFIGS / 'knn' / 'hico_demo_knn.py'
    one = run_script(run.folder, TOOLS / 'test.py', config, 'pretrain/epoch_1.pth')
    two = run('bash', TOOLS / 'dist_test.sh', config, 'pretrain/epoch_1.pth', 2)
    assert accuracy(one) == accuracy(two)


def test_linear_evaluation_is_the_same_by_one_process_and_by_two(run):
    options = ('--pretrained', 'pretrain/epoch_1.pth', '--seed', 0, '--cfg-options', 'train_cfg.max_epochs=3')
    config = CONFIGS / 'linear' / 'hico_demo_linear.py'
    run_script(run.folder, TOOLS / 'train.py', config, '--work-dir', 'one', *options)
    run.ranks('train.py', config, '--work-dir', 'two', *options)
    one, two = (weights(run, name, 3) for name in ('one', 'two'))
    for name in one:
        torch.testing.assert_close(one[name], two[name], atol=1e-4, rtol=1e-3)


def test_a_graph_network_by_two_processes(run):
    printed = run.ranks('train.py', GRAPH, '--seed', 0, '--work-dir', 'gcn', *ONE_EPOCH,
                        f'train_dataloader.batch_size={BATCH}', 'model.norm_groups=8')
    checkpoint = weights(run, 'gcn')
    assert checkpoint['head.queues.instance.pointer'] == STEPS * 2 * BATCH % LENGTH
    # Eight groups, so four in either process, and as many updates of the running statistics a step.
    assert checkpoint['backbone.data_bn.num_batches_tracked'] == STEPS * 4
    again = run.ranks('test.py', GRAPH, 'gcn/epoch_1.pth')
    assert accuracy(again) == accuracy(printed)  # in training too both processes had the same statistics


@pytest.mark.parametrize(('config', 'options'), [
    (PRETRAIN, TINY), pytest.param(GRAPH, ('model.norm_groups=4', ), marks=pytest.mark.slow)])
def test_both_processes_end_after_the_same_step_and_go_on_from_there(run, config, options):
    """By SIGTERM to the launcher; the running statistics of a graph network are each process's own until then."""
    options = ('--seed', 0, *ONE_EPOCH, 'train_dataloader.batch_size=8', 'default_hooks.logger.interval=1', *options)
    whole, ended = (f'{name}_{config.stem}' for name in ('whole', 'ended'))
    run.ranks('train.py', config, '--work-dir', whole, *options)
    process = start(run.folder, 'bash', TOOLS / 'dist_train.sh', config, 2, '--work-dir', ended, *options,
                    PORT=free_port())
    printed = ''
    while '[1][ 3/11]' not in printed:
        printed += process.stdout.readline()
        assert process.poll() is None, printed[-6000:]
    process.send_signal(signal.SIGTERM)
    printed += process.communicate()[0]
    assert f'ended by SIGTERM; the last checkpoint is latest.pth in {ended}' in printed
    assert process.returncode
    latest = load_checkpoint(run.folder / ended / 'latest.pth')
    assert 3 <= latest['meta']['iter'] < 11 and latest['meta']['epoch'] == 0
    assert 'resuming from' in run.ranks('train.py', config, '--work-dir', ended, '--resume', *options)
    files = [load_checkpoint(run.folder / name / 'epoch_1.pth') for name in (whole, ended)]
    for part in ('state_dict', 'optimizer'):
        torch.testing.assert_close(files[0][part], files[1][part], rtol=0, atol=0)


@pytest.mark.slow
def test_eight_processes(run):
    batch = 8
    steps = -(-run.clips // 8) // batch
    run('bash', TOOLS / 'dist_train.sh', PRETRAIN, 8, '--seed', 0, '--work-dir', 'eight',
        *ONE_EPOCH, f'train_dataloader.batch_size={batch}', *TINY)
    checkpoint = weights(run, 'eight')
    assert steps > 0 and checkpoint['key_encoder.steps'] == steps
    assert checkpoint['head.queues.instance.pointer'] == steps * 8 * batch % LENGTH


@pytest.mark.slow
def test_two_nodes(run):
    """Two launches that find each other by the variables MMAction2's scripts take."""
    nodes = dict(NNODES='2', MASTER_ADDR='127.0.0.1', PORT=free_port())
    processes = [start(run.folder, 'bash', TOOLS / 'dist_train.sh', PRETRAIN, 1, '--seed', 0,
                       '--work-dir', 'nodes', *ONE_EPOCH, f'train_dataloader.batch_size={BATCH}', *TINY,
                       NODE_RANK=str(rank), **nodes) for rank in range(2)]
    assert 'Epoch(val) [1]' in finish(processes[0])
    finish(processes[1])
    assert weights(run, 'nodes')['head.queues.instance.pointer'] == STEPS * 2 * BATCH % LENGTH
