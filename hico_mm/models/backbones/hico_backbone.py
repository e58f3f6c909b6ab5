"""HiCo's embedding of skeleton clips into temporal and spatial tokens."""

from typing import Optional, Sequence, Tuple, Union

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import UserError, check_count
from ...structures import BRANCHES, SkeletonLayout, check_names, get_layout
from ..weight_init import xavier_init_


@MODELS.register_module()
class HiCoBackbone(BaseModule):
    """Embed each frame (temporal token) and each joint trajectory (spatial token) with an MLP, eq. 1 of the paper.

    Args:
        layout: Skeleton layout, a name or a dict, which gives the number of joints V.
        num_persons: Number of persons M of a clip. Defaults to 2.
        clip_len: Number of frames T of a clip. Defaults to 64.
        in_channels: Number of coordinates C of a joint. Defaults to 3.
        channels: Width of the tokens. Defaults to 512.
        norm: Whether to use LayerNorm between the first linear layer and the ReLU. Defaults to True, as released; the
            paper has none.
        branches: Which of 'temporal' and 'spatial' to build. Defaults to both.
        init_cfg: MMEngine's initialisation config. Defaults to None.
    """

    def __init__(self,
                 layout: Union[str, dict, SkeletonLayout] = 'ntu',
                 num_persons: int = 2,
                 clip_len: int = 64,
                 in_channels: int = 3,
                 channels: int = 512,
                 norm: bool = True,
                 branches: Sequence[str] = BRANCHES,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.branches = check_names(branches, BRANCHES, 'branches')
        for name, value in dict(num_persons=num_persons, clip_len=clip_len, channels=channels).items():
            check_count(value, f'backbone.{name}')
        self.channels = channels
        num_joints = get_layout(layout).num_joints
        self.clip_shape = (num_persons, clip_len, num_joints, in_channels)
        token_sizes = dict(
            temporal=num_persons * num_joints * in_channels,
            spatial=clip_len * in_channels)
        self.embeddings = nn.ModuleDict({
            branch: nn.Sequential(
                nn.Linear(token_sizes[branch], channels),
                nn.LayerNorm(channels) if norm else nn.Identity(),
                nn.ReLU(),
                nn.Linear(channels, channels),
            )
            for branch in self.branches
        })
        xavier_init_(self)

    def forward(self, clips: Tensor) -> Tuple[Optional[Tensor], Optional[Tensor]]:
        """Embed clips (N, M, T, V, C) into temporal (N, T, channels) and spatial (N, M * V, channels) tokens.

        The tokens of a branch that is off are None.

        Raises:
            UserError: if the clips do not have the shape the backbone was built for.
        """
        if tuple(clips.shape[1:]) != self.clip_shape:
            raise UserError(f'expected clips of shape (N, M, T, V, C) with (M, T, V, C) = {self.clip_shape}, got '
                             f'{tuple(clips.shape)}: check layout, num_persons and clip_len of the backbone and of '
                             'the data preprocessor')
        tokens = dict(
            temporal=lambda: clips.transpose(1, 2).flatten(2),
            spatial=lambda: clips.transpose(2, 3).flatten(3).flatten(1, 2))
        temporal, spatial = (
            self.embeddings[branch](tokens[branch]()) if branch in self.branches else None for branch in BRANCHES)
        return temporal, spatial
