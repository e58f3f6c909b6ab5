"""Recognizer that puts a head on hierarchical features."""

from typing import Any, Dict, Optional, Sequence, Tuple

import torch
from mmaction.models import BaseRecognizer
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...structures import SkeletonLayout
from ...utils.build import build_part, fill_in

# What the preprocessor tells the backbone, and the backbone the neck.
VIEWS = ('layout', 'num_persons', 'in_channels', 'clip_len')
TOKENS = ('channels', 'branches')


@MODELS.register_module()
class SkeletonRecognizer(BaseRecognizer):
    """Backbone, neck and head for skeleton clips, some of them frozen if wanted.

    What one part's config leaves out and a part before it knows is handed on: ``layout``, ``num_persons``,
    ``in_channels`` and ``clip_len`` from the preprocessor to the backbone, ``channels`` and ``branches`` from there to
    the neck, the width of its feature to the head. A neck's tokenizer is given the layout, and the sizes of the
    backbone's maps.

    Args:
        backbone: Config of the backbone.
        neck: Config of the neck; MMAction2's ``RecognizerGCN`` would ignore it. Defaults to None.
        cls_head: Config of the head: ``HierarchicalClsHead`` or ``KNNHead``. Defaults to None.
        frozen: Names of parts that keep their weights and stay in eval mode, such as ``('backbone', 'neck')``.
            Frozen here, before DDP looks which parameters need gradients. Defaults to none.
        train_cfg: Kept for MMAction2. Defaults to None.
        test_cfg: Kept for MMAction2. Defaults to None.
        data_preprocessor: Config of the preprocessor. Defaults to ``SkeletonDataPreprocessor``.

    Raises:
        ValueError: if a frozen part does not exist, or the neck has a tokenizer and the backbone gives no maps.
    """

    def __init__(self,
                 backbone: dict,
                 neck: Optional[dict] = None,
                 cls_head: Optional[dict] = None,
                 frozen: Sequence[str] = (),
                 train_cfg: Optional[dict] = None,
                 test_cfg: Optional[dict] = None,
                 data_preprocessor: Optional[dict] = None) -> None:
        if not isinstance(data_preprocessor, nn.Module):  # mmengine would look in its own registry only
            data_preprocessor = MODELS.build(data_preprocessor or dict(type='SkeletonDataPreprocessor'))
        views: Dict[str, Any] = {name: getattr(data_preprocessor, name, None) for name in VIEWS}
        super().__init__(
            fill_in(MODELS, backbone, **views),
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            data_preprocessor=data_preprocessor)
        if neck is not None:
            if isinstance(neck, dict) and neck.get('tokenizer') and None not in views.values():
                neck = dict(neck, tokenizer=fill_in(MODELS, neck['tokenizer'], **self._sizes_of_maps(**views)))
            self.neck = build_part(MODELS, neck, **{name: getattr(self.backbone, name, None) for name in TOKENS})
        if cls_head is not None:
            channels = getattr(getattr(self, 'neck', None), 'feature_channels', lambda level: None)
            self.cls_head = build_part(MODELS, cls_head, in_channels=channels(cls_head.get('level', 'instance')))
        self.frozen = tuple(frozen)
        parts = dict(self.named_children())
        for name in self.frozen:
            if name not in parts:
                raise ValueError(f'cannot freeze "{name}": the model has {sorted(parts)}')
            parts[name].requires_grad_(False)

    def _sizes_of_maps(self, layout: SkeletonLayout, num_persons: int, clip_len: int, in_channels: int) -> dict:
        """What a tokenizer must know of the backbone's maps (N, M, C, T, V), read off those of an empty clip.

        Raises:
            ValueError: if the backbone cannot take a clip of the preprocessor's, or gives no maps for it.
        """
        clip = torch.zeros(1, num_persons, clip_len, layout.num_joints, in_channels)
        try:
            with torch.no_grad():
                maps = self.backbone.eval()(clip)
            _, num_persons, in_channels, clip_len, _ = maps.shape
        except (AttributeError, RuntimeError, ValueError) as error:
            raise ValueError(f'{type(self.backbone).__name__} makes no maps (N, M, C, T, V) of a clip (N, M, T, V, C) '
                             f'of size {tuple(clip.shape)} ({error}): its graph must have the joints of layout '
                             f'"{layout.name}", and what gives tokens needs no tokenizer') from error
        finally:
            self.backbone.train()
        return dict(layout=layout, num_persons=num_persons, in_channels=in_channels, clip_len=clip_len)

    def train(self, mode: bool = True) -> 'SkeletonRecognizer':
        """Set the mode of everything but the frozen parts, which stay in eval mode."""
        super().train(mode)
        for name in self.frozen:
            getattr(self, name).eval()
        return self

    def extract_feat(self, inputs: Tensor, stage: str = 'neck', **kwargs) -> Tuple:
        """(N, views, M, T, V, C) -> features with first axis N * views, and MMAction2's dict, which is empty.

        Args:
            inputs: Skeleton clips.
            stage: 'backbone' for the tokens, 'neck' for the hierarchical features, 'head' for the head's scores.
                Defaults to 'neck'.
            **kwargs: Ignored; MMAction2 passes ``data_samples`` and ``test_mode``.
        """
        x = self.backbone(inputs.flatten(0, 1))
        if stage != 'backbone' and self.with_neck:
            x = self.neck(x)
        if stage == 'head':
            x = self.cls_head(x)
        return x, {}
