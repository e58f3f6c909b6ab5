import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from torch.utils.data import DataLoader

from hico_mm.engine import InterruptHook


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_an_interrupt_that_a_destructor_swallows_is_raised_after_the_step():
    before, hook = signal.getsignal(signal.SIGINT), InterruptHook()
    hook.before_train(None)
    hook.after_train_iter(None, 0)

    class Swallows:

        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
            sum(range(1000))  # the handler runs in here

    Swallows()  # is destroyed at once, and Python drops the interrupt
    with pytest.raises(KeyboardInterrupt):
        hook.after_train_iter(None, 1)
    hook.after_train(None)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_worker_leaves_ctrl_c_to_the_process_that_trains():
    hook = InterruptHook()
    hook.before_train(None)
    batches = iter(DataLoader(range(100), num_workers=1))
    next(batches)
    os.kill(batches._workers[0].pid, signal.SIGINT)
    assert len(list(batches)) == 99
    hook.after_train_iter(None, 0)
    hook.after_train(None)


def test_training_in_another_thread_leaves_ctrl_c_alone(make_runner):
    runner, before = make_runner('thread', custom_hooks=[dict(type='InterruptHook')]), signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(runner.train).result()
    assert runner.epoch == 1 and signal.getsignal(signal.SIGINT) is before
