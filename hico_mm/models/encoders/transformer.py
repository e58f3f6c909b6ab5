"""Transformer as a sequence-to-sequence encoder."""

from typing import Optional

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import UserError, check_count, check_number
from ..weight_init import xavier_init_
from .dropout import Dropout


@MODELS.register_module()
class TransformerEncoder(BaseModule):
    """Transformer encoder (post-norm, ReLU) without position encoding, as released.

    Args:
        channels: Width of input and output tokens. Defaults to 512.
        num_layers: Number of layers. Defaults to 1, as released.
        num_heads: Number of attention heads. Defaults to 4, as released.
        feedforward_channels: Width of the feed-forward layer; None means ``channels``, as released.
        dropout: Dropout of attention, feed-forward and residuals. Defaults to 0.1, as released.
        init_cfg: MMEngine's initialisation config. Defaults to None.

    Raises:
        UserError: if ``channels`` is not divisible by ``num_heads``.
    """

    def __init__(self,
                 channels: int = 512,
                 num_layers: int = 1,
                 num_heads: int = 4,
                 feedforward_channels: Optional[int] = None,
                 dropout: float = 0.1,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        for name, value in dict(channels=channels, num_layers=num_layers, num_heads=num_heads).items():
            check_count(value, f'{name} of the encoder')
        check_number(dropout, 'dropout of the encoder', least=0, below=1)
        if channels % num_heads:
            raise UserError(f'{num_heads} attention heads cannot share {channels} channels: set num_heads to a divisor '
                            f'of {channels}, or channels to a multiple of {num_heads}')
        layer = nn.TransformerEncoderLayer(
            channels, num_heads, feedforward_channels or channels, dropout)
        for name in 'dropout', 'dropout1', 'dropout2':
            setattr(layer, name, Dropout(dropout))
        self.transformer = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
        xavier_init_(self)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, S, C) -> (N, S, C)."""
        # Unless (S, N, C) is contiguous, products without gradient copy the weights for each token on a CPU.
        return self.transformer(tokens.transpose(0, 1).contiguous()).transpose(0, 1)
