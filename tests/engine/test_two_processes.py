"""What two processes tell each other while they train."""

import os
import socket
import subprocess
import sys

import torch

from tests.helpers import losses_on


def test_losses_are_averaged_and_numbers_agreed_on_a_step_later(tmp_path):
    torch.multiprocessing.spawn(losses_on, (str(tmp_path), ), nprocs=2)
    for rank in (0, 1):
        outputs, agreed = torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        assert outputs['loss'] == 0.5 and outputs['loss_clip'] == 5 and outputs['text'] == 'kept'
        assert agreed == [0, 1, 3, 0]


STOPS = '''
import os, signal, sys, time
from types import SimpleNamespace
import torch
from hico_mm.engine import RankWatchHook
torch.distributed.init_process_group('gloo')
RankWatchHook(minutes=0.05).before_train(SimpleNamespace(iter=7))
time.sleep(2)
if torch.distributed.get_rank() == 1:
    os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(60)
'''


def test_a_process_that_stops_ends_the_run_and_is_named():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    ranks = [subprocess.Popen([sys.executable, '-c', STOPS], stderr=subprocess.PIPE, text=True, env=dict(
        os.environ, RANK=str(rank), WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=port)) for rank in (0, 1)]
    said = ranks[0].communicate(timeout=60)[1]
    ranks[1].kill()
    ranks[1].communicate()
    assert ranks[0].returncode == 1
    silent = f'rank 1 on {socket.gethostname()} has not responded for 3 s'
    assert f'{silent}, so rank 0 stops the run at step 7' in said
