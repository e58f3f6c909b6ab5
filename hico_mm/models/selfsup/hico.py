"""HiCo: momentum contrast of hierarchical features."""

from collections import OrderedDict
from typing import Dict, Optional, Tuple

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...utils.build import build_part
from ..recognizers import SkeletonRecognizer
from .key_encoder import KeyEncoder


@MODELS.register_module()
class HiCo(SkeletonRecognizer):
    """MoCo's wiring around a hierarchical encoder; AAAI'23, section 3.

    The query encoder is backbone, neck and projector; the key encoder is its twin by moving average. As a recognizer
    it predicts with ``cls_head``, a ``KNNHead`` say, on the query encoder's features: validation during pretraining.
    Widths, granularities, branches and levels that a config leaves out are handed on from part to part.

    Args:
        backbone: Config of the backbone.
        neck: Config of the neck.
        projector: Config of the projector.
        head: Config of the contrast head.
        cls_head: Config of the head that predicts. Defaults to None.
        momentum: Share of the query's weights in a step of the key encoder's, 1 - m in MoCo's terms.
            Defaults to 0.001.
        **kwargs: ``train_cfg``, ``test_cfg``, ``data_preprocessor``; see :class:`SkeletonRecognizer`.

    Raises:
        ValueError: if projector and contrast head do not speak of the same levels.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 projector: dict,
                 head: dict,
                 cls_head: Optional[dict] = None,
                 momentum: float = 0.001,
                 **kwargs) -> None:
        super().__init__(backbone, neck, cls_head, **kwargs)
        self.projector = build_part(
            MODELS, projector, in_channels=getattr(self.neck, 'channels', None),
            **{name: getattr(self.neck, name, None) for name in ('num_granularities', 'branches')})
        self.head = build_part(
            MODELS, head, dim=getattr(self.projector, 'out_channels', None),
            **{name: getattr(self.projector, name, None) for name in ('num_granularities', 'levels')})
        if self.projector.levels != self.head.levels:
            raise ValueError(f'projector and head must have the same levels, got {list(self.projector.levels)} and '
                             f'{list(self.head.levels)}')
        self.key_encoder = KeyEncoder(self.query_encoder, momentum)

    @property
    def query_encoder(self) -> nn.Sequential:
        """Backbone, neck and projector in a row; made anew, since a registered one would double the state dict."""
        return nn.Sequential(OrderedDict(backbone=self.backbone, neck=self.neck, projector=self.projector))

    def loss(self, inputs: Tensor, data_samples: Optional[list] = None, **kwargs) -> Dict[str, Tensor]:
        """Contrast two views of each clip, then store the keys.

        Args:
            inputs: (N, 2, M, T, V, C), the views of the query and of the key.
            data_samples: Not looked at.
            **kwargs: Ignored.

        Returns:
            ``loss_<level>`` and ``acc_<level>`` for each level; ``loss_temporal`` is the one whose query is v^t.

        Raises:
            ValueError: if there are not two views.
        """
        query_views, key_views = self._two_views(inputs)
        query = self.query_encoder(query_views)
        with torch.no_grad():
            self.key_encoder.update_parameters(self.query_encoder)
            key = self.key_encoder(key_views)
        losses = self.head.loss(query, key)
        self.head.enqueue(key)
        return losses

    @staticmethod
    def _two_views(inputs: Tensor) -> Tuple[Tensor, Tensor]:
        if inputs.ndim != 6 or inputs.shape[1] != 2:
            raise ValueError(f'pretraining needs inputs (N, 2, M, T, V, C), got {tuple(inputs.shape)}: give the data '
                             'preprocessor two train_views')
        query, key = inputs.unbind(1)
        return query, key
