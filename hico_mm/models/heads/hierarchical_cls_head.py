"""Linear classifier on hierarchical features."""

from typing import Union

import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...structures import HierarchicalFeatures


class _Standardize(nn.BatchNorm1d):
    """Batch norm; a batch of one, the last of an epoch say, is standardised by the running statistics."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) -> (N, C)."""
        if self.training and len(x) == 1:
            return F.batch_norm(x, self.running_mean, self.running_var, eps=self.eps)
        return super().forward(x)


@MODELS.register_module()
class HierarchicalClsHead(BaseHead):
    """One fully connected layer on the feature of one level; for linear evaluation and finetuning.

    Args:
        num_classes: Number of classes.
        in_channels: Width of the feature. Defaults to 4096, the instance feature.
        level: The level to classify. Defaults to 'instance'.
        norm: Standardise each channel of the feature first, by a batch norm without scale and shift: weight decay then
            asks the same of all channels. Defaults to False, as released.
        init_std: Standard deviation of the initial weights; biases start at 0. Defaults to 0.01, as released.
        average_clips: How MMAction2 averages over clips at test time. Defaults to 'score'.
        **kwargs: Further arguments of MMAction2's ``BaseHead``.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: int = 4096,
                 level: str = 'instance',
                 norm: bool = False,
                 init_std: float = 0.01,
                 average_clips: str = 'score',
                 **kwargs) -> None:
        super().__init__(num_classes, in_channels, average_clips=average_clips, **kwargs)
        self.level = level
        self.norm = _Standardize(in_channels, affine=False) if norm else nn.Identity()
        self.fc = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.fc.weight, std=init_std)
        nn.init.zeros_(self.fc.bias)

    def forward(self, features: Union[HierarchicalFeatures, Tensor], **kwargs) -> Tensor:
        """Hierarchical features, or those of the level (N, in_channels) -> scores (N, num_classes).

        Raises:
            ValueError: if the features have another width.
        """
        x = features if isinstance(features, Tensor) else features[self.level]
        if x.shape[1] != self.in_channels:
            raise ValueError(f'the {self.level} feature has {x.shape[1]} channels: set cls_head.in_channels to that, '
                             f'not {self.in_channels}')
        return self.fc(self.norm(x))
