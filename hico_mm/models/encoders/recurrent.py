"""Recurrent sequence-to-sequence encoders."""

from typing import Optional

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..init import xavier_init_


class _RecurrentEncoder(BaseModule):
    """Bidirectional recurrent layer(s); each direction has half of the width.

    Args:
        channels: Width of the tokens, in and out; even. Defaults to 512.
        num_layers: Layers. Defaults to 1, as released.
        init_cfg: MMEngine's initialisation config. Defaults to None.

    Raises:
        ValueError: if ``channels`` is odd.
    """

    layer: type

    def __init__(self, channels: int = 512, num_layers: int = 1, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        if channels % 2:
            raise ValueError(f'a bidirectional encoder needs an even number of channels, got {channels}')
        self.rnn = self.layer(channels, channels // 2, num_layers, batch_first=True, bidirectional=True)
        xavier_init_(self)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, S, C) -> (N, S, C)."""
        return self.rnn(tokens)[0]


@MODELS.register_module()
class GRUEncoder(_RecurrentEncoder):
    """Bidirectional GRU, (N, S, C) -> (N, S, C); arguments: ``channels=512``, ``num_layers=1``, ``init_cfg=None``."""

    layer = nn.GRU


@MODELS.register_module()
class LSTMEncoder(_RecurrentEncoder):
    """Bidirectional LSTM, (N, S, C) -> (N, S, C); arguments: ``channels=512``, ``num_layers=1``, ``init_cfg=None``."""

    layer = nn.LSTM
