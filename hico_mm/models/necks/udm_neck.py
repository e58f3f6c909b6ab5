"""Neck that turns tokens into clip and part features of several granularities."""

from typing import Optional, Sequence, Tuple, Union

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import UserError, check_count
from ...structures import BRANCHES, HierarchicalFeatures, check_names
from .udm import UDM


class UDMBranch(nn.Module):
    """A branch: X_{n+1} = UDM(X_n), and for each X_n the maximum over its encoded sequence; eq. 3 to 5.

    The UDM and the encoder are shared by all granularities.

    Args:
        channels: Width of the tokens.
        num_granularities: Number of granularities L.
        encoder: Config of the encoder.
        udm: Further arguments of :class:`UDM`.
    """

    def __init__(self, channels: int, num_granularities: int, encoder: dict, udm: dict) -> None:
        super().__init__()
        self.num_granularities = num_granularities
        self.encoder = MODELS.build(encoder)
        # With one granularity, tokens are never merged, and parameters without a gradient make DDP fail.
        self.udm = UDM(channels, **udm) if num_granularities > 1 else None

    def forward(self, tokens: Tensor) -> Tensor:
        """Turn tokens (N, S, C) into features (N, L, C).

        Raises:
            UserError: if the sequence is too short to be halved L - 1 times.
        """
        if tokens.shape[1] >> (self.num_granularities - 1) == 0:
            raise UserError(f'{tokens.shape[1]} tokens cannot be halved {self.num_granularities - 1} times: lower '
                             'num_granularities')
        pyramid = [tokens]
        while self.udm is not None and len(pyramid) < self.num_granularities:
            pyramid.append(self.udm(pyramid[-1]))
        encode_all = getattr(self.encoder, 'encode_all', lambda pyramid: map(self.encoder, pyramid))
        return torch.stack([encoded.amax(1) for encoded in encode_all(pyramid)], 1)


@MODELS.register_module()
class UDMNeck(BaseModule):
    """Build a pyramid of granularities for each branch by unified downsampling, with a shared sequence encoder.

    The input is the tokens of :class:`HiCoBackbone`, or the maps of a graph network such as MMAction2's, which are
    converted to tokens.

    Args:
        encoder: Config of the sequence encoder, a registered module (N, S, C) -> (N, S, C). If it omits ``channels``,
            the value of the neck is used. An encoder with a method ``encode_all`` gets the whole pyramid, a list of
            (N, S_i, C), at once. Defaults to ``dict(type='GRUEncoder')``.
        channels: Width of the tokens. Defaults to 512.
        num_granularities: Number of granularities L. Defaults to 4.
        udm: Further arguments of :class:`UDM` (kernel_size, depthwise, norm_first). Defaults to None.
        branches: Which of 'temporal' and 'spatial' to build. Defaults to both.
        tokenizer: Config of a module that converts the maps of a graph network to tokens. It gets them as
            (N, M, T, V, C), so ``HiCoBackbone`` can embed them in the same way as coordinates. Defaults to None, for a
            backbone that returns tokens.
        init_cfg: MMEngine's initialisation config. Defaults to None.
    """

    def __init__(self,
                 encoder: Optional[dict] = None,
                 channels: int = 512,
                 num_granularities: int = 4,
                 udm: Optional[dict] = None,
                 branches: Sequence[str] = BRANCHES,
                 tokenizer: Optional[dict] = None,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.branches = check_names(branches, BRANCHES, 'branches')
        check_count(num_granularities, 'num_granularities')
        self.channels, self.num_granularities = channels, num_granularities
        # A neck that is built alone passes on values that the completed config of a model would contain.
        encoder = {'channels': channels, **(encoder or dict(type='GRUEncoder'))}
        self.pyramids = nn.ModuleDict(
            {branch: UDMBranch(channels, num_granularities, encoder, udm or {}) for branch in self.branches})
        self.tokenizer = MODELS.build(
            {'channels': channels, 'branches': self.branches, **tokenizer}) if tokenizer else None

    def forward(self, tokens: Union[Tensor, Tuple[Optional[Tensor], Optional[Tensor]]]) -> HierarchicalFeatures:
        """Turn temporal and spatial tokens (N, S, C), or maps (N, M, C, T, V), into clip and part features (N, L, C).

        Raises:
            UserError: if the backbone returns no tokens for a branch of the neck, or returns maps and there is no
                tokenizer.
        """
        if isinstance(tokens, Tensor) == (self.tokenizer is None):
            raise UserError('the backbone returns maps, but the neck has no tokenizer: set '
                             "neck.tokenizer=dict(type='HiCoBackbone')" if self.tokenizer is None else
                             'the backbone returns tokens, which need no tokenizer: set neck.tokenizer=None')
        if self.tokenizer is not None:
            tokens = self.tokenizer(tokens.permute(0, 1, 3, 4, 2))  # type: ignore[union-attr]
        given = dict(zip(BRANCHES, tokens))
        missing = [branch for branch in self.branches if given[branch] is None]
        if missing:
            raise UserError(f'the backbone returns no {missing[0]} tokens: give backbone and neck the same branches')
        clip, part = (
            self.pyramids[branch](given[branch]) if branch in self.branches else None for branch in BRANCHES)
        return HierarchicalFeatures(clip, part)
