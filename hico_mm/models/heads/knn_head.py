"""Nearest neighbours as a classifier."""

from typing import Optional, Union

import torch
import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from torch import Tensor

from ...structures import HierarchicalFeatures


@MODELS.register_module()
class KNNHead(BaseHead):
    """Classify by the k nearest gallery clips in cosine similarity; the paper's retrieval with k = 1.

    The gallery is no part of a checkpoint: ``GalleryHook`` fills it before each validation and test.

    Args:
        num_classes: Number of classes.
        k: Neighbours that vote, each with weight (1 + cosine) / 2. Defaults to 1.
        level: The level to compare. Defaults to 'instance'.
        chunk: Queries compared at a time, which bounds the memory. Defaults to 1024.
        in_channels: Width of the feature; nothing here depends on it. Defaults to 0.
        **kwargs: Further arguments of MMAction2's ``BaseHead``.
    """

    def __init__(self,
                 num_classes: int,
                 k: int = 1,
                 level: str = 'instance',
                 chunk: int = 1024,
                 in_channels: int = 0,
                 **kwargs) -> None:
        super().__init__(num_classes, in_channels, average_clips='score', **kwargs)
        if k < 1:
            raise ValueError(f'k must be at least 1, got {k}')
        self.k, self.level, self.chunk = k, level, chunk
        self.gallery: Optional[Tensor] = None
        self.gallery_labels: Optional[Tensor] = None

    def set_gallery(self, features: Tensor, labels: Tensor) -> None:
        """Take the gallery: features (n, D), which are normalised here, and labels (n,).

        Raises:
            ValueError: if there are fewer than k clips, or a label is outside 0..num_classes - 1.
        """
        if len(features) < self.k:
            raise ValueError(f'a gallery of {len(features)} clips cannot give k={self.k} neighbours')
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < self.num_classes:
            raise ValueError(f'the gallery has labels {int(labels.min())}..{int(labels.max())}, but the head has '
                             f'num_classes={self.num_classes}')
        self.gallery, self.gallery_labels = F.normalize(features.float(), dim=1), labels.long()

    def forward(self, features: Union[HierarchicalFeatures, Tensor], **kwargs) -> Tensor:
        """Hierarchical features, or those of the level (N, D) -> votes (N, num_classes) that sum to at most 1.

        Raises:
            RuntimeError: if there is no gallery.
        """
        if self.gallery is None or self.gallery_labels is None:
            raise RuntimeError('KNNHead has no gallery: add dict(type="GalleryHook") to custom_hooks, or '
                               'call set_gallery')
        queries = features if isinstance(features, Tensor) else features[self.level]
        with torch.autocast(queries.device.type, enabled=False):
            return torch.cat([self._vote(chunk) for chunk in F.normalize(queries.float(), dim=1).split(self.chunk)])

    def _vote(self, queries: Tensor) -> Tensor:
        assert self.gallery is not None and self.gallery_labels is not None
        gallery, labels = self.gallery.to(queries.device), self.gallery_labels.to(queries.device)
        similarity, nearest = (queries @ gallery.t()).topk(self.k, dim=1)
        votes = queries.new_zeros(len(queries), self.num_classes)
        return votes.scatter_add_(1, labels[nearest], (1 + similarity) / (2 * self.k))
