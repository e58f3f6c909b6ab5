"""Nearest-neighbour classifier."""

from typing import Optional, Union

import torch
import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from torch import Tensor

from ...errors import UserError, check_count
from ...structures import HierarchicalFeatures, check_level
from .neighbours import Neighbours


@MODELS.register_module()
class KNNHead(BaseHead):
    """Classify by the k nearest gallery clips in cosine similarity; with k = 1, the paper's retrieval.

    The gallery is not saved in checkpoints; ``GalleryHook`` fills it before each validation and test.

    Args:
        num_classes: Number of classes.
        k: Number of neighbours that vote, each with weight (1 + cosine) / 2. Defaults to 1.
        level: The level to compare: 'temporal', 'spatial' or 'instance'. Defaults to 'instance'.
        chunk: Number of queries and gallery clips compared at a time, which limits memory; comparing a gallery in parts
            is also faster. Defaults to 1024.
        index: A faiss index as a factory string, for example ``'HNSW32'`` or ``'IVF4096,Flat'``. It finds nearly all
            nearest neighbours in galleries of millions without comparing every clip, on the CPU. Defaults to None,
            which compares every clip.
        in_channels: Width of the feature, which is not used here. Defaults to 0.
        **kwargs: Further arguments of MMAction2's ``BaseHead``.

    Raises:
        UserError: if the level is another one, or k or chunk is less than 1.
    """

    def __init__(self,
                 num_classes: int,
                 k: int = 1,
                 level: str = 'instance',
                 chunk: int = 1024,
                 index: Optional[str] = None,
                 in_channels: int = 0,
                 **kwargs) -> None:
        super().__init__(num_classes, in_channels, average_clips='score', **kwargs)
        check_level(level)
        check_count(k, 'k')
        check_count(chunk, 'chunk')
        self.k, self.level, self.chunk, self.index = k, level, chunk, index
        self._neighbours: Optional[Neighbours] = None
        self.gallery_labels: Optional[Tensor] = None

    @property
    def gallery(self) -> Optional[Tensor]:
        """Return the features of the gallery (n, D), of unit length; None before :meth:`set_gallery`."""
        return None if self._neighbours is None else self._neighbours.gallery

    def check_gallery(self, clips: int) -> None:
        """Check that a gallery is large enough before it is encoded.

        Raises:
            UserError: if there are fewer than k clips.
        """
        if clips < self.k:
            raise UserError(f'a gallery of {clips} clips cannot give k={self.k} neighbours: lower model.cls_head.k')

    def set_gallery(self, features: Tensor, labels: Tensor) -> None:
        """Set the gallery: features (n, D), which are normalised here, and labels (n,).

        Raises:
            ImportError: if an index is set and faiss is not installed.
            UserError: if there are fewer than k clips, or a label is outside 0..num_classes - 1.
        """
        self.check_gallery(len(features))
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < self.num_classes:
            raise UserError(f'the gallery has labels {int(labels.min())}..{int(labels.max())}, but the head has '
                             f'num_classes={self.num_classes}')
        if not bool(features.isfinite().all()):
            raise UserError('the gallery has features that are NaN or infinite, so they have no neighbours: the '
                            'encoder has diverged')
        self.gallery_labels = labels.long()
        self._neighbours = Neighbours(F.normalize(features.float(), dim=1), self.index, self.chunk,
                                      'model.cls_head.index')

    def forward(self, features: Union[HierarchicalFeatures, Tensor], **kwargs) -> Tensor:
        """Return votes (N, num_classes), whose sum is at most 1, for hierarchical features or features (N, D).

        Raises:
            RuntimeError: if there is no gallery.
        """
        if self._neighbours is None:
            raise RuntimeError('KNNHead has no gallery: add dict(type="GalleryHook") to custom_hooks, or '
                               'call set_gallery')
        queries = features if isinstance(features, Tensor) else features.level(self.level)
        with torch.autocast(queries.device.type, enabled=False):
            return torch.cat([self._vote(chunk) for chunk in F.normalize(queries.float(), dim=1).split(self.chunk)])

    def loss(self, *args, **kwargs) -> dict:
        """Refuse to train.

        Raises:
            UserError: always, since there are no weights.
        """
        raise UserError('KNNHead has no weights to train: set model.cls_head.type to HierarchicalClsHead')

    def _vote(self, queries: Tensor) -> Tensor:
        assert self._neighbours is not None and self.gallery_labels is not None
        labels = self.gallery_labels.to(queries.device)
        similarity, nearest = self._neighbours.search(queries, self.k)
        similarity = similarity.masked_fill(nearest < 0, -1)  # fewer than k may be found; the rest has no vote
        nearest = nearest.clamp(min=0)
        votes = queries.new_zeros(len(queries), self.num_classes)
        return votes.scatter_add_(1, labels[nearest], (1 + similarity) / (2 * self.k))
