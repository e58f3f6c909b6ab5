"""Export models to ONNX and weights to safetensors."""

import inspect
import io
import json
import warnings
from pathlib import Path
from typing import Any, Dict, Union

import torch
from torch import Tensor, nn

from ..checkpoints import EncoderSource, weights_of
from ..datasets.transforms import CenterCropResize, derive_stream
from ..errors import UserError
from ..fileio import atomic_write
from ..models.heads import HierarchicalClsHead
from .init_model import init_model

OPSET = 17
EXAMPLE = (2, 40)  # clips and frames of the recorded example; both axes are dynamic


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
        """Encode or classify normalised clips (n, M, T, V, C) of any length T; the views are averaged."""
        results = [self._encode(self._view(clips, view)) for view in self.preparation.test_views]
        return torch.stack(results).mean(0)

    def _view(self, clips: Tensor, transforms: list) -> Tensor:
        crop, *others = transforms
        view = crop_and_resize(clips, crop)
        for transform in others:
            view = transform.apply(view, {})
        return derive_stream(view, self.preparation.stream, self.preparation.layout, self.preparation.with_score)

    def _encode(self, view: Tensor) -> Tensor:
        features = self.neck(self.backbone(view))
        return features.level('instance') if self.head is None else self.head(features).softmax(1)


def crop_and_resize(clips: Tensor, crop: CenterCropResize) -> Tensor:
    """Crop and resize clips of the same length, (n, M, T, V, C) -> (n, M, clip_len, V, C), for the data preprocessor.

    It only uses operations that ONNX has. The rule is that of :func:`~hico_mm.datasets.transforms.temporal.resize`.
    """
    start, length = crop.crop(torch._shape_as_tensor(clips)[2:3], {})
    position = ((torch.arange(crop.clip_len) + 0.5) * (length.double() / crop.clip_len) - 0.5).clamp(min=0)
    below = position.long()
    above = torch.minimum(below + 1, length - 1)
    weight = (position - below).to(clips.dtype)[:, None, None]
    first, second = (clips.index_select(2, place + start) for place in (below, above))
    return first * (1 - weight) + second * weight


def export_onnx(model: nn.Module, path: Union[str, Path], encoder_only: bool = False) -> str:
    """Export a model to ONNX, with the crop, the resizing and the stream in the graph.

    The graph has the input ``clips``, normalised clips (n, M, T, V, C) with any n and T, and one output, ``feature``
    (n, D) or ``scores`` (n, K). Its metadata contains ``load_pipeline``, the transforms that normalise a clip, and
    ``layout``.

    Args:
        model: A model from :func:`init_model`, on the CPU.
        path: File to write.
        encoder_only: Whether to leave the classifier out. Defaults to False.

    Returns:
        The name of the output.

    Raises:
        UserError: if the package onnx is missing, or the model cannot be exported.
    """
    try:
        import onnx
    except ImportError:
        raise UserError('exporting to ONNX needs the package onnx: pip install "hico_mm[export]"') from None
    exported = ExportedModel(model, encoder_only).eval()
    persons, _, joints, channels = exported.backbone.clip_shape
    clips = torch.randn(EXAMPLE[0], persons, EXAMPLE[1], joints, channels)
    buffer, options = io.BytesIO(), dict(dynamo=False) if _has_exporters() else {}
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it has no counterpart in ONNX
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter('ignore')  # the exporter warns of every constant
            export_to: Any = torch.onnx.export  # its types do not allow a buffer
            export_to(exported, (clips, ), buffer, input_names=['clips'], output_names=[exported.output],
                      opset_version=OPSET, **options,
                      dynamic_axes={'clips': {0: 'n', 2: 'frames'}, exported.output: {0: 'n'}})
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    graph = onnx.load_model_from_string(buffer.getvalue())
    preparation, known = exported.preparation, getattr(model, 'cfg', {})
    facts = dict(load_pipeline=json.dumps(known.get('load_pipeline'), default=vars), layout=preparation.layout.name,
                 stream=preparation.stream)
    for key, value in facts.items():
        graph.metadata_props.add(key=key, value=value)
    _write(graph.SerializeToString(), path)
    return exported.output


def _has_exporters() -> bool:
    """Return whether this version of PyTorch has two exporters; the older one keeps recurrent layers whole."""
    return 'dynamo' in inspect.signature(torch.onnx.export).parameters


def _write(content: bytes, path: Union[str, Path]) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def export_weights(checkpoint: Union[str, Path], path: Union[str, Path]) -> int:
    """Write the weights of the encoder of a checkpoint as safetensors, with its description as JSON in the metadata.

    Args:
        checkpoint: The checkpoint.
        path: File to write.

    Returns:
        The number of weights.

    Raises:
        UserError: if the package safetensors is missing, or the checkpoint cannot be used.
    """
    try:
        from safetensors.torch import save
    except ImportError:
        raise UserError('this format needs the package safetensors: pip install "hico_mm[export]"') from None
    source = EncoderSource.open(checkpoint)
    if source.checkpoint is None:
        raise UserError(f'{checkpoint} has no weights: give a checkpoint')
    weights: Dict[str, Tensor] = {name: weight.contiguous() for name, weight in weights_of(source.checkpoint).items()
                                  if name.split('.')[0] in ('backbone', 'neck')}
    described = {} if source.description is None else dict(description=source.description.to_json())
    _write(save(weights, metadata=described), path)
    return sum(weight.numel() for weight in weights.values())


def export(checkpoint: Union[str, Path], path: Union[str, Path], encoder_only: bool = False) -> str:
    """Export a checkpoint in the format that the ending of ``path`` names, and return a sentence that describes it.

    Args:
        checkpoint: The checkpoint.
        path: File to write: ``.onnx`` or ``.safetensors``.
        encoder_only: Whether to leave the classifier out; safetensors never have it. Defaults to False.

    Raises:
        UserError: if the ending is another one, or the checkpoint cannot be exported.
    """
    if Path(path).suffix == '.onnx':
        output = export_onnx(init_model(None, checkpoint), path, encoder_only)
        return f'{path}: ONNX, from normalised clips (n, M, T, V, C) to {output}'
    if Path(path).suffix == '.safetensors':
        return f'{path}: {export_weights(checkpoint, path):,} weights of the encoder, with its description'
    raise UserError(f'{path} must end with .onnx or .safetensors')
