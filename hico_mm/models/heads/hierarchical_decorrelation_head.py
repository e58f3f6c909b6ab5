"""Hierarchical decorrelation: the levels of HiCo without negatives and queues."""

from typing import Dict, Optional, Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from ...errors import check_number
from ...structures import LEVELS
from ..losses import vicreg
from .contrasts import CONTRASTS, weigh_levels


@MODELS.register_module()
class HierarchicalDecorrelationHead(BaseModule):
    """VICReg at clip, part, domain and instance level.

    It compares the same queries and keys as :class:`HierarchicalContrastHead`. But it has no negatives, so clips of the
    same action are not pushed apart. Use it with :class:`HierarchicalExpander`, whose embeddings have any length, and
    with ``HiCo(momentum=1)``, which gives both views gradients.

    With several processes, variances and covariances are those of the clips of each process.

    Args:
        variance: Weight of the variance. Defaults to 1.
        covariance: Weight of the covariance. Defaults to 0.04.
        levels: Levels to compare; 'temporal' and 'spatial' need each other. Defaults to all five.
        loss_weights: Weight of the loss of each level, 1 if not given. Defaults to None.
        init_cfg: MMEngine's initialisation config. Defaults to None.

    Raises:
        UserError: if a level is not known, or the level of its keys is switched off; or if a weight is negative.
    """

    unit_length = False  # of the embeddings that it compares

    def __init__(self,
                 variance: float = 1.0,
                 covariance: float = 0.04,
                 levels: Sequence[str] = LEVELS,
                 loss_weights: Optional[Dict[str, float]] = None,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        check_number(variance, 'variance', least=0)
        check_number(covariance, 'covariance', least=0)
        self.variance, self.covariance = variance, covariance
        self.loss_weights = weigh_levels(levels, loss_weights)
        self.levels = tuple(self.loss_weights)

    def loss(self, query: Dict[str, Tensor], key: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Compute the loss and accuracy of every level.

        At clip and part level, granularity 1 of the query is compared with each granularity of the key, and the losses
        are averaged.

        Args:
            query: Embeddings of one view by level: (N, L, D) for clip and part, (N, D) for the others.
            key: Embeddings of the other view, in the same form.

        Returns:
            ``loss_<level>``, the weighted loss, and ``acc_<level>``, the fraction of queries that are more similar to
            their own key (of granularity 1) than to the keys of all other clips of the batch.
        """
        results = {}
        for level in self.levels:
            contrast = CONTRASTS[level]
            q, k = query[contrast.query], key[contrast.key]
            q, keys = (q[:, 0], k.unbind(1)) if q.ndim == 3 else (q, (k, ))
            losses = [vicreg(q, each, self.variance, self.covariance) for each in keys]
            results[f'loss_{level}'] = self.loss_weights[level] * torch.stack(losses).mean()
            results[f'acc_{level}'] = _accuracy(q, keys[0])
        return results

    def enqueue(self, key: Dict[str, Tensor]) -> None:
        """Do nothing, since there are no negatives to keep."""


@torch.no_grad()
def _accuracy(query: Tensor, key: Tensor) -> Tensor:
    """Return the fraction of queries (N, D) whose most similar key (N, D) by cosine is their own, a scalar."""
    similarities = F.normalize(query.float(), dim=1) @ F.normalize(key.float(), dim=1).t()
    return (similarities.argmax(1) == torch.arange(len(query), device=query.device)).float().mean()
