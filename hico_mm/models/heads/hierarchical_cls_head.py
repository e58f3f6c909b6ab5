"""Linear classifier on hierarchical features."""

from typing import Union

import torch
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...errors import UserError
from ...structures import HierarchicalFeatures


@MODELS.register_module()
class HierarchicalClsHead(BaseHead):
    """One fully connected layer on the feature of one level; for linear evaluation and finetuning.

    Args:
        num_classes: Number of classes.
        in_channels: Width of the feature. Defaults to 4096, the instance feature.
        level: The level to classify. Defaults to 'instance'.
        standardize: Whether :meth:`fit_features` sets ``mean`` and ``std``, by which every channel is standardised
            before the layer: weight decay then asks the same of all. Until it is called they change nothing.
            Defaults to False, as released.
        init_std: Standard deviation of the initial weights; biases start at 0. Defaults to 0.01, as released.
        average_clips: How MMAction2 averages over clips at test time. Defaults to 'score'.
        **kwargs: Further arguments of MMAction2's ``BaseHead``.
    """

    mean: Tensor
    std: Tensor

    def __init__(self,
                 num_classes: int,
                 in_channels: int = 4096,
                 level: str = 'instance',
                 standardize: bool = False,
                 init_std: float = 0.01,
                 average_clips: str = 'score',
                 **kwargs) -> None:
        super().__init__(num_classes, in_channels, average_clips=average_clips, **kwargs)
        self.level = level
        self.standardize = standardize
        if standardize:
            self.register_buffer('mean', torch.zeros(in_channels))
            self.register_buffer('std', torch.ones(in_channels))
        self.fc = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.fc.weight, std=init_std)
        nn.init.zeros_(self.fc.bias)

    def forward(self, features: Union[HierarchicalFeatures, Tensor], **kwargs) -> Tensor:
        """Hierarchical features, or those of the level (N, in_channels) -> scores (N, num_classes).

        Raises:
            UserError: if the features have another width.
        """
        x = features if isinstance(features, Tensor) else features.level(self.level)
        if x.shape[1] != self.in_channels:
            raise UserError(f'the {self.level} feature has {x.shape[1]} channels: set cls_head.in_channels to that, '
                             f'not {self.in_channels}')
        return self.fc((x - self.mean) / self.std if self.standardize else x)

    @torch.no_grad()
    def fit_features(self, features: Tensor) -> None:
        """Take mean and standard deviation of the training features (n, in_channels), if the head standardises.

        A deviation counts as at least a thousandth of the mean one, so a channel that hardly varies is not blown up.
        """
        if self.standardize:
            std, mean = torch.std_mean(features.float(), 0, unbiased=False)
            self.mean.copy_(mean)
            self.std.copy_(std.clamp(min=1e-3 * std.mean() + 1e-12))
