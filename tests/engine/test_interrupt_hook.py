import os
import signal

import pytest

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
