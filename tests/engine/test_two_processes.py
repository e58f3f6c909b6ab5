"""What two processes tell each other while they train."""

import socket

import torch

from tests.helpers import losses_on
from tests.scripts import on_two_ranks, start_ranks


def test_losses_are_averaged_and_numbers_agreed_on_a_step_later(tmp_path):
    on_two_ranks(losses_on, tmp_path)
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


def test_a_process_that_stops_ends_the_run_and_is_named(tmp_path):
    (tmp_path / 'stops.py').write_text(STOPS)
    first, second = start_ranks(2, tmp_path, tmp_path / 'stops.py')
    said = first.wait()
    second.process.kill()
    second.wait()
    assert first.process.exitcode == 1
    silent = f'rank 1 on {socket.gethostname()} has not responded for 3 s'
    assert f'{silent}, so rank 0 stops the run at step 7' in said
