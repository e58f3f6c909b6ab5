"""Export models to ONNX or with torch.export."""

import inspect
import io
import json
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Union

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..fileio import atomic_write
from .export_encoder import export_encoder, export_weights
from .exported_model import ExportedModel
from .init_model import init_model

OPSET = 17
EXAMPLE = (2, 40)  # clips and frames of the recorded example; both axes are dynamic
MOST = 1 << 20  # clips, and frames of a clip, that an exported program takes
FACTS = 'hico_mm.json'
ENDINGS = '.onnx', '.pt2', '.safetensors', '.pth'


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
    buffer, options = io.BytesIO(), dict(dynamo=False) if _has_exporters() else {}
    with _exporting():
        export_to: Any = torch.onnx.export  # its types do not allow a buffer
        export_to(exported, (_example(exported), ), buffer, input_names=['clips'], output_names=[exported.output],
                  opset_version=OPSET, **options,
                  dynamic_axes={'clips': {0: 'n', 2: 'frames'}, exported.output: {0: 'n'}})
    graph = onnx.load_model_from_string(buffer.getvalue())
    for key, value in _facts(model, exported).items():
        graph.metadata_props.add(key=key, value=value)
    _write(graph.SerializeToString(), path)
    return exported.output


def export_program(model: nn.Module, path: Union[str, Path], encoder_only: bool = False) -> str:
    """Export a model with ``torch.export``, with the crop, the resizing and the stream in the program.

    ``torch.export.load(path).module()`` is the model; it takes normalised clips (n, M, T, V, C) with any n and T. The
    file has what the metadata of :func:`export_onnx` has as JSON in the extra file ``hico_mm.json``.

    Args:
        model: A model from :func:`init_model`, on the CPU.
        path: File to write.
        encoder_only: Whether to leave the classifier out. Defaults to False.

    Returns:
        The name of the output.

    Raises:
        UserError: if this version of PyTorch cannot export the model.
    """
    exported = ExportedModel(model, encoder_only).eval()
    clips, buffer = _example(exported), io.BytesIO()
    try:
        program = torch.export
        sizes = {0: program.Dim('n', max=MOST), 2: program.Dim('frames', max=MOST)}
        with _exporting():
            whole = program.export(exported, (clips, ), dynamic_shapes=dict(clips=sizes))
            program.save(whole, buffer, extra_files={FACTS: json.dumps(_facts(model, exported))})
    except Exception as error:  # many kinds, and different ones in each version
        reason = (str(error).strip().splitlines() or [''])[0][:150]
        raise UserError(f'torch.export of PyTorch {torch.__version__} cannot export this model '
                        f'({type(error).__name__}: {reason}): use a newer PyTorch, or export to .onnx') from error
    _write(buffer.getvalue(), path)
    return exported.output


def _facts(model: Any, exported: ExportedModel) -> Dict[str, str]:
    """Return what a user of an exported model must know: how clips are normalised, their skeleton, and the stream."""
    preparation, known = exported.preparation, getattr(model, 'cfg', {})
    return dict(load_pipeline=json.dumps(known.get('load_pipeline'), default=vars), layout=preparation.layout.name,
                stream=preparation.stream)


def _example(exported: ExportedModel) -> Tensor:
    persons, _, joints, _ = exported.backbone.clip_shape
    return torch.randn(EXAMPLE[0], persons, EXAMPLE[1], joints, exported.preparation.in_channels)


@contextmanager
def _exporting() -> Iterator[None]:
    """Switch off the exporters' warnings of every constant, and what has no counterpart in a graph; also gradients.

    Before PyTorch 2.3, gradients stay on instead, since only they keep attention from its fast path.
    """
    attention = getattr(torch.backends, 'mha', None)
    fast = attention and attention.get_fastpath_enabled()
    if attention:
        attention.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), torch.set_grad_enabled(attention is None):
            warnings.simplefilter('ignore')
            yield
    finally:
        if attention:
            attention.set_fastpath_enabled(fast)


def _has_exporters() -> bool:
    """Return whether this version of PyTorch has two exporters; the older one keeps recurrent layers whole."""
    return 'dynamo' in inspect.signature(torch.onnx.export).parameters


def _write(content: bytes, path: Union[str, Path]) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def export(checkpoint: Union[str, Path], path: Union[str, Path], encoder_only: bool = False) -> str:
    """Export a checkpoint in the format that the ending of ``path`` names, and return a sentence that describes it.

    Args:
        checkpoint: The checkpoint.
        path: File to write: ``.onnx``, ``.pt2``, ``.safetensors`` or ``.pth``.
        encoder_only: Whether to leave the classifier out; the last two never have it. Defaults to False.

    Raises:
        UserError: if the ending is another one, or the checkpoint cannot be exported.
    """
    ending = Path(path).suffix
    if ending == '.safetensors':
        return f'{path}: {export_weights(checkpoint, path):,} weights of the encoder, with its description'
    if ending == '.pth':
        return f'{path}: a checkpoint of the encoder alone, {export_encoder(checkpoint, path):,} weights'
    if ending not in ENDINGS:
        raise UserError(f'{path} must end with {", ".join(ENDINGS[:-1])} or {ENDINGS[-1]}')
    write, name = dict(zip(ENDINGS, ((export_onnx, 'ONNX'), (export_program, 'torch.export'))))[ending]
    output = write(init_model(None, checkpoint), path, encoder_only)
    return f'{path}: {name}, from normalised clips (n, M, T, V, C) to {output}'
