"""Agreement between the processes of a run during training."""

from typing import Any

import torch
from mmengine import dist
from torch import distributed


class Agreement:
    """The maximum of the numbers that the processes give at a step, known to all of them one step later.

    All processes can therefore act on it after the same step without waiting, since the numbers are exchanged while the
    next step is computed. All processes must create and call it. A single process gets its own number at once.
    """

    def __init__(self) -> None:
        alone = dist.get_world_size() == 1
        self._group = None if alone else distributed.new_group(backend='gloo')
        self._number = torch.zeros(1, dtype=torch.int64)
        self._work: Any = None

    def exchange(self, number: int) -> int:
        """Give the number of this step and return the maximum of the previous step, initially 0."""
        if self._group is None:
            return number
        agreed = self.finish()
        self._number.fill_(number)
        self._work = distributed.all_reduce(self._number, distributed.ReduceOp.MAX, self._group, async_op=True)
        return agreed

    def finish(self) -> int:
        """Wait for the pending exchange and return its result."""
        if self._work is None:
            return 0
        self._work.wait()
        self._work = None
        return int(self._number)
