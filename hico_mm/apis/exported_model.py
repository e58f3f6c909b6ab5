"""A model as one graph, from normalised clips to features or scores."""

from typing import Any

import torch
from torch import Tensor, nn

from ..datasets.transforms import CenterCropResize, derive_stream
from ..errors import UserError
from ..models.heads import HierarchicalClsHead


class ExportedModel(nn.Module):
    """Everything after the normalisation of a clip as one graph: views, stream, encoder and, if asked for, classifier.

    Args:
        model: A model from :func:`init_model`.
        encoder_only: Whether to leave the classifier out.

    Raises:
        UserError: if a test view does not begin with ``CenterCropResize``, or has random transforms.
    """

    def __init__(self, model: Any, encoder_only: bool = False) -> None:
        super().__init__()
        self.preparation = model.data_preprocessor
        self.backbone, self.neck = model.backbone, model.neck
        head = getattr(model, 'cls_head', None)
        self.head = head if isinstance(head, HierarchicalClsHead) and not encoder_only else None
        for view in self.preparation.test_views:
            if not isinstance(view[0], CenterCropResize) or any(transform.draw(1) for transform in view):
                raise UserError(f'the test view {view} is random, so it cannot be exported: use CenterCropResize')

    @property
    def output(self) -> str:
        """'scores', the probabilities of the classes (n, K), or 'feature' (n, D)."""
        return 'feature' if self.head is None else 'scores'

    def forward(self, clips: Tensor) -> Tensor:
        """Encode or classify normalised clips (n, M, T, V, C) of any length T.

        The views are averaged: their features, or what ``average_clips`` of the classifier says.
        """
        results = torch.stack([self._encode(self._view(clips, view)) for view in self.preparation.test_views])
        if self.head is None:
            return results.mean(0)
        return results.softmax(-1).mean(0) if self.head.average_clips == 'prob' else results.mean(0).softmax(-1)

    def _view(self, clips: Tensor, transforms: list) -> Tensor:
        crop, *others = transforms
        view = crop_and_resize(clips, crop)
        for transform in others:
            view = transform.apply(view, {})
        return derive_stream(view, self.preparation.stream, self.preparation.layout, self.preparation.with_score)

    def _encode(self, view: Tensor) -> Tensor:
        features = self.neck(self.backbone(view))
        return features.level('instance') if self.head is None else self.head(features)


def crop_and_resize(clips: Tensor, crop: CenterCropResize) -> Tensor:
    """Crop and resize clips of the same length, (n, M, T, V, C) -> (n, M, clip_len, V, C), for the data preprocessor.

    It only uses operations that ONNX has. The rule is that of :func:`~hico_mm.datasets.transforms.temporal.resize`.
    """
    traced = torch.jit.is_tracing()  # for ONNX
    frames = torch._shape_as_tensor(clips)[2:3] if traced else torch.full((1, ), clips.shape[2], dtype=torch.int64)
    start, length = crop.crop(frames, {})
    position = ((torch.arange(crop.clip_len) + 0.5) * (length.double() / crop.clip_len) - 0.5).clamp(min=0)
    below = position.long()
    above = torch.minimum(below + 1, length - 1)
    weight = (position - below).to(clips.dtype)[:, None, None]
    first, second = (clips.index_select(2, place + start) for place in (below, above))
    return first * (1 - weight) + second * weight
