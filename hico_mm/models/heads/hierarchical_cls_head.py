"""Linear classifier on hierarchical features."""

from typing import Union

import torch
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...errors import UserError
from ...structures import HierarchicalFeatures, check_level


@MODELS.register_module()
class HierarchicalClsHead(BaseHead):
    """A fully connected layer on the feature of one level, for linear evaluation and finetuning.

    Args:
        num_classes: Number of classes.
        in_channels: Width of the feature. Defaults to 4096, the instance feature.
        level: The level to classify: 'temporal', 'spatial' or 'instance'. Defaults to 'instance'.
        standardize: Whether every channel is standardised before the layer by ``mean`` and ``std``, which
            :meth:`fit_features` sets, so that weight decay affects all channels equally. Until it is called, they have
            no effect. Defaults to False, as released.
        init_std: Standard deviation of the initial weights; biases start at 0. Defaults to 0.01, as released.
        average_clips: How MMAction2 averages over clips in testing. Defaults to 'score'.
        **kwargs: Further arguments of MMAction2's ``BaseHead``.

    Raises:
        UserError: if the level is another one.
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
        check_level(level)
        self.level = level
        self.standardize = standardize
        if standardize:
            self.register_buffer('mean', torch.zeros(in_channels))
            self.register_buffer('std', torch.ones(in_channels))
        self.fc = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.fc.weight, std=init_std)
        nn.init.zeros_(self.fc.bias)

    def forward(self, features: Union[HierarchicalFeatures, Tensor], **kwargs) -> Tensor:
        """Return scores (N, num_classes) for hierarchical features or features of the level (N, in_channels).

        They are computed without autocast.

        Raises:
            UserError: if the features have another width.
        """
        x = features if isinstance(features, Tensor) else features.level(self.level)
        if x.shape[1] != self.in_channels:
            raise UserError(f'the {self.level} feature has {x.shape[1]} channels: set cls_head.in_channels to this '
                             f'number, not {self.in_channels}')
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.fc.weight.dtype)
            return self.fc((x - self.mean) / self.std if self.standardize else x)

    @torch.no_grad()
    def fit_features(self, features: Tensor) -> None:
        """Set mean and standard deviation from the training features (n, in_channels), if ``standardize`` is set.

        Each deviation is at least a thousandth of the mean deviation, so that nearly constant channels are not
        amplified.
        """
        if self.standardize:
            std, mean = torch.std_mean(features.float(), 0, unbiased=False)
            self.mean.copy_(mean)
            self.std.copy_(std.clamp(min=1e-3 * std.mean() + 1e-12))
