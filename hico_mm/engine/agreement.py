"""What the processes of a run agree on while they train."""

from typing import Any

import torch
from mmengine import dist
from torch import distributed


class Agreement:
    """The largest of the numbers that the processes give at a step, known to all of them one step later.

    So all act on it after the same step, and none waits for it: the numbers travel while the next step is computed.
    To be made and called by all processes alike. A single process knows its number at once.
    """

    def __init__(self) -> None:
        alone = dist.get_world_size() == 1
        self._group = None if alone else distributed.new_group(backend='gloo')
        self._number = torch.zeros(1, dtype=torch.int64)
        self._work: Any = None

    def exchange(self, number: int) -> int:
        """Give the number of this step; returns the largest of the step before, 0 at first."""
        if self._group is None:
            return number
        agreed = self.finish()
        self._number.fill_(number)
        self._work = distributed.all_reduce(self._number, distributed.ReduceOp.MAX, self._group, async_op=True)
        return agreed

    def finish(self) -> int:
        """Wait for what is under way, and return it."""
        if self._work is None:
            return 0
        self._work.wait()
        self._work = None
        return int(self._number)
