"""Dropout that is fast on a CPU."""

import torch
from torch import Tensor, nn

LEVELS = 2**16  # each decision uses 16 random bits


class Dropout(nn.Dropout):
    """Dropout that is several times as fast as PyTorch's on a CPU, where it takes a quarter of a Transformer's step.

    A 64-bit random number decides about four values, so the probability is rounded to a multiple of 2**-16. On other
    devices, this is PyTorch's dropout.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Set values of ``x`` to zero at random and scale the others, in training only."""
        dropped = round(self.p * LEVELS)
        if not self.training or x.device.type != 'cpu' or not 0 < dropped < LEVELS:
            return super().forward(x)
        bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-2**63, None)
        kept = bits.view(torch.int16)[:x.numel()].view(x.shape) >= dropped - LEVELS // 2
        return x * kept.to(x.dtype).mul_(LEVELS / (LEVELS - dropped))
