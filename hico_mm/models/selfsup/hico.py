"""HiCo: momentum contrast of hierarchical features."""

from collections import OrderedDict
from typing import Dict, Optional, Tuple, Union

import torch
from mmaction.registry import MODELS
from mmengine import dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import UserError, check_count, check_number
from ..recognizers import SkeletonRecognizer
from .graphed_loss import GraphedLoss
from .key_encoder import KeyEncoder
from .shuffle import BatchShuffle, in_groups


@MODELS.register_module()
class HiCo(SkeletonRecognizer):
    """MoCo with a hierarchical encoder; AAAI'23, section 3.

    The query encoder consists of backbone, neck and projector; the key encoder is its moving average. For validation
    during pretraining, the model predicts with ``cls_head``, for example a ``KNNHead``, on the query encoder's
    features. Widths, granularities, branches and levels that a config omits are completed by the table in
    :mod:`hico_mm.wiring.table`.

    If the encoder has batch norm, the query and key of a clip must not be normalised together with the same other
    clips, since that would distinguish its key from the queue. Therefore both encoders process the batch in groups, and
    the clips of the keys are shuffled over all groups and processes; section 3.3 of MoCo. ``sync_bn`` would undo this.

    Args:
        backbone: Config of the backbone.
        neck: Config of the neck.
        projector: Config of the projector.
        head: Config of the contrast head.
        cls_head: Config of the head for predictions. Defaults to None.
        momentum: Ratio by which each step moves the key encoder's weights towards the query encoder's, 1 - m in MoCo's
            notation. Defaults to 0.001.
        norm_groups: With batch norm, the batches of all processes are normalised in this many groups, or one per
            process if there are more processes; 1 means no groups. Defaults to 8, the number of GPUs in MoCo.
        cuda_graph: Whether training steps on a single GPU replay a CUDA graph, see :class:`GraphedLoss`. Set it only if
            the encoder draws no random numbers on the CPU. It has no effect with batch norm, with several processes,
            or on a CPU. Defaults to False.
        train_cfg: For MMAction2. Defaults to None.
        test_cfg: For MMAction2. Defaults to None.
        data_preprocessor: Config of the preprocessor. Defaults to ``SkeletonDataPreprocessor``.

    Raises:
        UserError: if ``norm_groups`` is below 1, or the config contradicts itself, for example if projector and
            contrast head have different levels.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 projector: dict,
                 head: dict,
                 cls_head: Optional[dict] = None,
                 momentum: float = 0.001,
                 norm_groups: int = 8,
                 cuda_graph: bool = False,
                 train_cfg: Optional[dict] = None,
                 test_cfg: Optional[dict] = None,
                 data_preprocessor: Union[dict, nn.Module, None] = None) -> None:
        check_count(norm_groups, 'norm_groups')
        check_number(momentum, 'momentum', above=0, below=1)
        parts = dict(data_preprocessor=data_preprocessor, backbone=backbone, neck=neck, projector=projector, head=head,
                     cls_head=cls_head)
        settings = dict(momentum=momentum, norm_groups=norm_groups, cuda_graph=cuda_graph)
        self._build(parts, settings, train_cfg=train_cfg, test_cfg=test_cfg)
        self.projector = MODELS.build(self.config['projector'])
        self.head = MODELS.build(self.config['head'])
        self.key_encoder = KeyEncoder(self.query_encoder, momentum)
        self.has_batch_norm = any(isinstance(module, _BatchNorm) for module in self.key_encoder.modules())
        self.norm_groups = norm_groups
        self._graphed = GraphedLoss(self) if cuda_graph else None

    @property
    def query_encoder(self) -> nn.Sequential:
        """Backbone, neck and projector in sequence. Not stored, since a submodule would duplicate the state dict."""
        return nn.Sequential(OrderedDict(backbone=self.backbone, neck=self.neck, projector=self.projector))

    def loss(self, inputs: Tensor, data_samples: Optional[list] = None, **kwargs) -> Dict[str, Tensor]:
        """Contrast two augmented views of each clip, then store the keys.

        Args:
            inputs: (N, 2, M, T, V, C), the views for the query and the key.
            data_samples: Ignored.
            **kwargs: Ignored.

        Returns:
            ``loss_<level>`` and ``acc_<level>`` for each level; ``loss_temporal`` is the loss with query v^t.

        Raises:
            UserError: if there are not two views.
        """
        if self._graphed is not None and self._can_replay(inputs):
            self.key_encoder.start(self.query_encoder)
            return self._graphed(inputs)
        return self.compute_losses(inputs)

    def _can_replay(self, inputs: Tensor) -> bool:
        return (inputs.is_cuda and self.training and torch.is_grad_enabled() and not self.has_batch_norm
                and dist.get_world_size() == 1)

    def compute_losses(self, inputs: Tensor) -> Dict[str, Tensor]:
        """Do what :meth:`loss` does, without a CUDA graph."""
        query_views, key_views = self._two_views(inputs)
        query = self._encode(self.query_encoder, query_views)
        with torch.no_grad():
            self.key_encoder.update_parameters(self.query_encoder)
            key = self._keys(key_views)
        losses = self.head.loss(query, key)
        self.head.enqueue(key)
        return losses

    def _encode(self, encoder: nn.Module, views: Tensor) -> Dict[str, Tensor]:
        return in_groups(encoder, views, self.norm_groups // dist.get_world_size() if self.has_batch_norm else 1)

    def _keys(self, views: Tensor) -> Dict[str, Tensor]:
        """Encode views (N, M, T, V, C) to keys by level, with rows in the order of the clips."""
        if not self.has_batch_norm or max(self.norm_groups, dist.get_world_size()) == 1:
            return self._encode(self.key_encoder, views)
        shuffle = BatchShuffle.draw(len(views), views.device)
        keys = self._encode(self.key_encoder, shuffle.apply(views))
        return {level: shuffle.undo(key) for level, key in keys.items()}

    @staticmethod
    def _two_views(inputs: Tensor) -> Tuple[Tensor, Tensor]:
        if inputs.ndim != 6 or inputs.shape[1] != 2:
            raise UserError(f'pretraining needs inputs (N, 2, M, T, V, C), got {tuple(inputs.shape)}: give the data '
                             'preprocessor two train_views')
        query, key = inputs.unbind(1)
        return query, key
