"""Projection of the features of every level into the embedding space of the contrast."""

from typing import Dict, Optional, Sequence

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import UserError
from ...structures import BRANCH_OF, BRANCHES, LEVELS, HierarchicalFeatures, check_names
from ..weight_init import xavier_init_


@MODELS.register_module()
class HierarchicalProjector(BaseModule):
    """An MLP (linear, ReLU, linear) for each level; its output is scaled to unit length.

    Args:
        in_channels: Width C of a clip or part feature. Defaults to 512.
        hidden_channels: Width of the hidden layer. Defaults to 512.
        out_channels: Embedding size D. Defaults to 128.
        num_granularities: Number of granularities L. Defaults to 4.
        branches: Branches of the features. Defaults to both.
        levels: Levels to contrast; only these are built. Defaults to all five.
        init_cfg: MMEngine's initialisation config. Defaults to None.

    Raises:
        UserError: if a level needs a branch that is off, or a branch is not used by any level, so that its weights
            would get no gradient.
    """

    def __init__(self,
                 in_channels: int = 512,
                 hidden_channels: int = 512,
                 out_channels: int = 128,
                 num_granularities: int = 4,
                 branches: Sequence[str] = BRANCHES,
                 levels: Sequence[str] = LEVELS,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.levels = check_names(levels, LEVELS, 'levels')
        self.num_granularities, self.out_channels = num_granularities, out_channels
        branches = check_names(branches, BRANCHES, 'branches')
        orphans = [level for level in self.levels if BRANCH_OF.get(level, branches[0]) not in branches]
        if orphans:
            raise UserError(f'levels {orphans} need a branch that is switched off: branches are {list(branches)}')
        idle = [branch for branch in branches if not {branch, None} & {BRANCH_OF.get(level) for level in self.levels}]
        if idle:
            raise UserError(f'branch {idle[0]} is not used by the levels {list(self.levels)}: leave it out of '
                             'branches, in backbone and neck too')
        domain = num_granularities * in_channels
        sizes = dict(clip=in_channels, part=in_channels, temporal=domain, spatial=domain,
                     instance=len(branches) * domain)
        self.mlps = nn.ModuleDict({
            level: nn.Sequential(
                nn.Linear(sizes[level], hidden_channels), nn.ReLU(), nn.Linear(hidden_channels, out_channels))
            for level in self.levels
        })
        xavier_init_(self)

    def forward(self, features: HierarchicalFeatures) -> Dict[str, Tensor]:
        """Return unit-length embeddings by level: (N, L, D) for clip and part, (N, D) for the others."""
        return {level: F.normalize(mlp(features.level(level)), dim=-1) for level, mlp in self.mlps.items()}
