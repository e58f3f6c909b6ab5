"""Hierarchical contrast: which queries are compared with which keys at each level."""

from typing import Any, Dict, NamedTuple, Optional, Sequence, Union

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import UserError, check_number
from ...structures import LEVELS, check_names
from ..losses import contrast_accuracy, info_nce
from .feature_queue import FeatureQueue


class Contrast(NamedTuple):
    """A row in the table of contrasts: the level of the query, and the level of its keys and negatives."""

    query: str
    key: str


# By the name of the loss. At the domain level (eq. 9), temporal queries have spatial keys, and the reverse.
CONTRASTS = {
    'clip': Contrast('clip', 'clip'),
    'part': Contrast('part', 'part'),
    'temporal': Contrast('temporal', 'spatial'),
    'spatial': Contrast('spatial', 'temporal'),
    'instance': Contrast('instance', 'instance'),
}


@MODELS.register_module()
class HierarchicalContrastHead(BaseModule):
    """InfoNCE at clip, part, domain and instance level, each with its own queue; eq. 8 to 11 of the paper.

    Embeddings are (N, L, D) at clip and part level, and (N, D) at the others. At clip and part level, the query is
    granularity 1, and the positives are the keys of all granularities.

    Args:
        dim: Embedding size D. Defaults to 128.
        queue_length: Queue length K in clips; clip and part queues hold L keys per clip. Defaults to 2048.
        num_granularities: Number of granularities L. Defaults to 4.
        temperature: Temperature of InfoNCE. Defaults to 0.2.
        levels: Levels to contrast; 'temporal' and 'spatial' need each other. Defaults to all five.
        loss_weights: Weight of the loss of each level, 1 if not given. Defaults to None.
        wrap_at: Number of slots of each queue after which writing restarts. 'queue_length', which means K, reproduces
            the released code's clip and part queues (see :class:`FeatureQueue`). None, the default, makes every queue
            a true FIFO.
        init_cfg: MMEngine's initialisation config. Defaults to None.

    Raises:
        UserError: if a level is not known, or the level of its keys is switched off; if the temperature is not above 0;
            or if a weight is negative.
    """

    def __init__(self,
                 dim: int = 128,
                 queue_length: int = 2048,
                 num_granularities: int = 4,
                 temperature: float = 0.2,
                 levels: Sequence[str] = LEVELS,
                 loss_weights: Optional[Dict[str, float]] = None,
                 wrap_at: Union[int, str, None] = None,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.levels = check_names(levels, LEVELS, 'levels')
        if not {CONTRASTS[level].key for level in self.levels} <= set(self.levels):
            raise UserError(f"levels 'temporal' and 'spatial' need each other's keys: switch both on or off, got "
                             f'{list(self.levels)}')
        check_number(temperature, 'temperature', above=0)
        check_number(queue_length, 'queue_length', above=0)
        for level, weight in (loss_weights or {}).items():
            check_number(weight, f'loss_weights[{level!r}]', least=0)
        self.temperature = temperature
        self.loss_weights = {level: 1.0 for level in self.levels}
        if loss_weights:
            check_names(list(loss_weights), self.levels, 'loss_weights')
            self.loss_weights.update(loss_weights)
        places: Any = queue_length if wrap_at == 'queue_length' else wrap_at
        keys_of_clip = dict(clip=num_granularities, part=num_granularities)
        self.queues = nn.ModuleDict({
            level: FeatureQueue(queue_length * keys_of_clip.get(level, 1), dim, places)
            for level in self.levels
        })

    def loss(self, query: Dict[str, Tensor], key: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Compute the loss and contrast accuracy of every level. The queues do not change.

        Args:
            query: Embeddings of the query branch by level: (N, L, D) for clip and part, (N, D) for the others.
            key: Embeddings of the key branch, in the same form.

        Returns:
            ``loss_<level>``, the weighted loss, and ``acc_<level>``, the fraction of queries with a positive that is
            more similar than all negatives.
        """
        results = {}
        for level in self.levels:
            contrast = CONTRASTS[level]
            q, k = query[contrast.query], key[contrast.key]
            q = q[:, 0] if q.ndim == 3 else q
            queue = self.queues[contrast.key]
            assert isinstance(queue, FeatureQueue)
            negatives = queue.features.clone()  # enqueue() is called before backward()
            results[f'loss_{level}'] = self.loss_weights[level] * info_nce(q, k, negatives, self.temperature)
            results[f'acc_{level}'] = contrast_accuracy(q, k, negatives)
        return results

    def enqueue(self, key: Dict[str, Tensor]) -> None:
        """Store a batch of keys sample by sample; the granularities of a sample stay together."""
        for level, queue in self.queues.items():
            assert isinstance(queue, FeatureQueue)
            queue.enqueue(key[level].flatten(0, -2))
