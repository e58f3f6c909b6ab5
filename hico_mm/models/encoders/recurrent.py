"""Recurrent sequence-to-sequence encoders."""

from typing import List, Optional, Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ...errors import UserError, check_count
from ..weight_init import xavier_init_

PACKED = 256  # clips up to which packing is faster on a GPU, between the measured 64 and 512


class _RecurrentEncoder(BaseModule):
    """Bidirectional recurrent layers; each direction has half of the width.

    Args:
        channels: Width of input and output tokens; must be even. Defaults to 512.
        num_layers: Number of layers. Defaults to 1, as released.
        init_cfg: MMEngine's initialisation config. Defaults to None.

    Raises:
        UserError: if ``channels`` is odd.
    """

    layer: type

    def __init__(self, channels: int = 512, num_layers: int = 1, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        check_count(channels, 'channels of the encoder')
        check_count(num_layers, 'num_layers')
        if channels % 2:
            raise UserError(f'a bidirectional encoder needs an even number of channels, got {channels}')
        self.rnn = self.layer(channels, channels // 2, num_layers, batch_first=True, bidirectional=True)
        xavier_init_(self)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, S, C) -> (N, S, C)."""
        return self.rnn(tokens)[0]

    def encode_all(self, sequences: Sequence[Tensor]) -> List[Tensor]:
        """Encode sequences (N, S_i, C), the longest first. Shapes and results are those of :meth:`forward`.

        On a GPU, the time of a recurrent layer depends on the number of time steps if the batch is small, so all
        sequences are encoded together. Large batches are encoded one after the other, since putting them together takes
        longer then. So are those on a CPU, which has no fused layer for sequences of different lengths.
        """
        if not sequences[0].is_cuda or len(sequences[0]) > PACKED:
            return [self(tokens) for tokens in sequences]
        return self.encode_packed(sequences)

    def encode_packed(self, sequences: Sequence[Tensor]) -> List[Tensor]:
        """Do the same as :meth:`encode_all` in a single call of the layer, on any device."""
        longest = sequences[0].shape[1]
        padded = torch.cat([F.pad(tokens, (0, 0, 0, longest - tokens.shape[1])) for tokens in sequences])
        lengths = torch.tensor([tokens.shape[1] for tokens in sequences for _ in tokens])
        packed = pack_padded_sequence(padded, lengths, batch_first=True)
        encoded = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0]
        parts = encoded.split([len(tokens) for tokens in sequences])
        return [part[:, :tokens.shape[1]] for part, tokens in zip(parts, sequences)]


@MODELS.register_module()
class GRUEncoder(_RecurrentEncoder):
    """Bidirectional GRU, (N, S, C) -> (N, S, C); arguments: ``channels=512``, ``num_layers=1``, ``init_cfg=None``."""

    layer = nn.GRU

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, S, C) -> (N, S, C).

        The layer works on (S, N, C). Unless that is contiguous, the product with the input weights copies the weights
        for each token on a CPU, which takes a sixth of a step in bfloat16.
        """
        return self.rnn(tokens.transpose(0, 1).contiguous().transpose(0, 1))[0]


@MODELS.register_module()
class LSTMEncoder(_RecurrentEncoder):
    """Bidirectional LSTM, (N, S, C) -> (N, S, C); arguments: ``channels=512``, ``num_layers=1``, ``init_cfg=None``."""

    layer = nn.LSTM
