"""A training step, compared with the released code's implementation."""

import argparse
import copy
from typing import Any, Callable, Dict, List

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import Tensor, nn

from hico_mm.apis.cost import matrix_products, weights
from hico_mm.engine.half_precision import computes_in_bfloat16
from hico_mm.processes import keep_freed_memory

from .measure import CONFIGS, compare, memory_beyond, multiply_speed

FP32, TF32, BF16 = 'fp32', 'TF32', 'bf16'


class PlainStep:
    """HiCo's losses with the same layers, but without our model classes.

    There is one encoder call per granularity, query then key. Losses are cross-entropies of concatenated logits, and
    the key encoder is updated one weight at a time.
    """

    def __init__(self, model: Any) -> None:
        parts = dict(backbone=model.backbone, neck=model.neck, mlps=model.projector.mlps)
        self.query: Any = copy.deepcopy(nn.ModuleDict(parts))
        self.key: Any = copy.deepcopy(self.query).requires_grad_(False)
        self.queues = {level: queue.features.clone() for level, queue in model.head.queues.items()}

    def encode(self, net: Any, clips: Tensor) -> Dict[str, Tensor]:
        """Encode clips (N, M, T, V, C) to unit-length embeddings by level."""
        n, m, t, v, c = clips.shape
        tokens = dict(temporal=clips.permute(0, 2, 1, 3, 4).reshape(n, t, m * v * c),
                      spatial=clips.permute(0, 1, 3, 2, 4).reshape(n, m * v, t * c))
        features = {}
        for branch, x in tokens.items():
            pyramid = net['neck'].pyramids[branch]
            x = net['backbone'].embeddings[branch](x)
            pooled: List[Tensor] = []
            for level in range(pyramid.num_granularities):
                x = pyramid.udm(x) if level else x
                pooled.append(pyramid.encoder(x).max(dim=1)[0])
            features[branch] = pooled
        inputs = dict(clip=torch.stack(features['temporal'], 1), part=torch.stack(features['spatial'], 1),
                      temporal=torch.cat(features['temporal'], 1), spatial=torch.cat(features['spatial'], 1),
                      instance=torch.cat(features['temporal'] + features['spatial'], 1))
        return {level: F.normalize(net['mlps'][level](x), dim=-1) for level, x in inputs.items()}

    def __call__(self, views: Tensor) -> Tensor:
        """Return the sum of the losses for views (N, 2, M, T, V, C), then store the keys."""
        q = self.encode(self.query, views[:, 0])
        with torch.no_grad():
            for mine, theirs in zip(self.key.parameters(), self.query.parameters()):
                mine.data = mine.data * 0.999 + theirs.data * 0.001
            k = self.encode(self.key, views[:, 1])
        loss = torch.zeros((), device=views.device)
        for name, source in (('clip', 'clip'), ('part', 'part'), ('temporal', 'spatial'), ('spatial', 'temporal'),
                             ('instance', 'instance')):
            query = q[name][:, 0] if q[name].ndim == 3 else q[name]
            keys = k[source] if k[source].ndim == 3 else k[source][:, None]
            positive = torch.einsum('nd,npd->np', query, keys)
            logits = torch.cat([positive, query @ self.queues[source].clone().t()], 1) / 0.2
            loss = loss - F.log_softmax(logits, 1)[:, :keys.shape[1]].exp().sum(1).log().mean()
        for level, keys in k.items():
            rows = keys.reshape(-1, keys.shape[-1])
            self.queues[level][torch.arange(len(rows), device=rows.device) % len(self.queues[level])] = rows
        return loss


def count_flops(model: Any, batch_size: int) -> int:
    """Count the floating-point operations of matrix products in a training step: two for each weight and token.

    The query encoder takes three times its forward pass, minus the unneeded gradient of the clips. The key encoder
    takes one forward pass.
    """
    counts = matrix_products(model)
    assert counts is not None
    granularities = model.neck.num_granularities
    forward = counts['embedding'] + counts['sequence'] + sum(
        weights(mlp) * (granularities if level in ('clip', 'part') else 1)
        for level, mlp in model.projector.mlps.items())
    return 2 * batch_size * (4 * forward - counts['first'])


def run(args: argparse.Namespace) -> List[dict]:
    """Measure forward, backward and optimizer for our model and for the plain step; both keep freed memory.

    The plain step always computes in fp32. On a GPU, our step is measured with TF32 as well.
    """
    precisions = [FP32] + [TF32] * (args.device != 'cpu')
    if args.device == 'cpu':
        keep_freed_memory()
    if args.device != 'cpu' or computes_in_bfloat16():
        precisions.append(BF16)
    return [_measure(args, precision) for precision in precisions]


def _measure(args: argparse.Namespace, precision: str) -> dict:
    config = Config.fromfile(CONFIGS / f'hico_{args.encoder}_{args.dataset}.py')
    model = MODELS.build(config.model).to(args.device).train()
    plain = PlainStep(model)
    views = torch.randn(args.batch_size, 2, *model.backbone.clip_shape).to(args.device)

    def trainer(loss: Callable[[Tensor], Tensor], parameters: List[Tensor], precision: str) -> Callable[[], None]:
        optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4)

        def step() -> None:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == TF32
            optimizer.zero_grad()
            with torch.autocast(views.device.type, torch.bfloat16, enabled=precision == BF16):
                value = loss(views)
            value.backward()
            optimizer.step()
        return step

    def ours(x: Tensor) -> Tensor:
        return model.parse_losses(model.loss(x))[0]

    def without_graph(x: Tensor) -> Tensor:  # its memory can be measured, and a graph holds the same
        return model.parse_losses(model.compute_losses(x))[0]

    steps = dict(plain=trainer(plain, list(plain.query.parameters()), FP32),
                 hico_mm=trainer(ours, list(model.query_encoder.parameters()), precision))
    row = compare(steps, args.repeats)
    flops = count_flops(model, args.batch_size)
    speed, most = flops / row['seconds']['hico_mm'] / 1e9, multiply_speed(args.device)
    return dict(row, stage='step', what=f'{args.encoder}, {args.dataset}, batch {args.batch_size}, {precision}'
                + ('' if precision == FP32 else '; plain in fp32'),
                peak_memory_gib=memory_beyond(
                    trainer(without_graph, list(model.query_encoder.parameters()), precision), args.device),
                note=f'{flops / 1e9:.0f} GFLOP, {speed:.0f} GFLOP/s, {speed / most:.0%} of {most:.0f} for a large fp32 '
                'product')
