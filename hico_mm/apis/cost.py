"""What an encoder costs: parameters, operations and time."""

import time
from typing import Any, Dict, NamedTuple, Optional

import torch
from torch import nn

BATCH, REPEATS = 64, 3  # clips at a time, and measurements


class Cost(NamedTuple):
    """What an encoder costs.

    Args:
        parameters: Number of its parameters.
        flops: Floating-point operations of matrix products for a clip, or None for other backbones than
            ``HiCoBackbone``.
        clips_per_second: Clips encoded in a second on this machine.
    """

    parameters: int
    flops: Optional[int]
    clips_per_second: float


def matrix_products(model: Any) -> Optional[Dict[str, int]]:
    """Count the multiplications of matrix products that a clip takes, one for each weight and token.

    Args:
        model: A model with ``backbone`` and ``neck``.

    Returns:
        ``embedding``, ``first`` (the first layer of the embedding alone) and ``sequence``, or None for another
        backbone than ``HiCoBackbone``.
    """
    if not hasattr(model.backbone, 'clip_shape') or not hasattr(model.backbone, 'embeddings'):
        return None
    persons, frames, joints, _ = model.backbone.clip_shape
    counts = dict(embedding=0, first=0, sequence=0)
    for branch, tokens in dict(temporal=frames, spatial=persons * joints).items():
        if branch not in model.backbone.branches:
            continue
        embedding, pyramid = model.backbone.embeddings[branch], model.neck.pyramids[branch]
        counts['embedding'] += weights(embedding) * tokens
        counts['first'] += embedding[0].weight.numel() * tokens
        counts['sequence'] += weights(pyramid.encoder) * sum(
            tokens >> level for level in range(pyramid.num_granularities))
    return counts


def weights(module: nn.Module) -> int:
    """Return the number of weights in the matrices of a module."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.ndim == 2)


@torch.no_grad()
def measure_cost(model: Any) -> Cost:
    """Count and measure what the encoder of a model costs, on the model's device.

    Args:
        model: A model from :func:`~hico_mm.apis.init_model`.
    """
    preparation = model.data_preprocessor
    clips = torch.randn(BATCH, 1, preparation.num_persons, preparation.clip_len, preparation.layout.num_joints,
                        preparation.out_channels, device=next(model.parameters()).device)
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        model.extract_feat(clips)
        if clips.is_cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    counts = matrix_products(model)
    parts = [part for part in (model.backbone, getattr(model, 'neck', None)) if part is not None]
    return Cost(sum(parameter.numel() for part in parts for parameter in part.parameters()),
                None if counts is None else 2 * (counts['embedding'] + counts['sequence']),
                BATCH / min(seconds[1:]))
