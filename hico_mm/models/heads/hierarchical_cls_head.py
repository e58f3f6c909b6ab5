"""Linear classifier on hierarchical features."""

from typing import Union

from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...structures import HierarchicalFeatures


@MODELS.register_module()
class HierarchicalClsHead(BaseHead):
    """One fully connected layer on the feature of one level; for linear evaluation and finetuning.

    Args:
        num_classes: Number of classes.
        in_channels: Width of the feature. Defaults to 4096, the instance feature.
        level: The level to classify. Defaults to 'instance'.
        init_std: Standard deviation of the initial weights; biases start at 0. Defaults to 0.01, as released.
        average_clips: How MMAction2 averages over clips at test time. Defaults to 'score'.
        **kwargs: Further arguments of MMAction2's ``BaseHead``.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: int = 4096,
                 level: str = 'instance',
                 init_std: float = 0.01,
                 average_clips: str = 'score',
                 **kwargs) -> None:
        super().__init__(num_classes, in_channels, average_clips=average_clips, **kwargs)
        self.level = level
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
        return self.fc(x)
