"""Measure a stage against a plain path: in one run, taking turns, median of several.

    python tools/benchmark.py step [--encoder gru] [--dataset ntu60] [--batch-size 64] [--repeats 5]

The plain training step is written out below, as the released code takes it: one encoder call per granularity, query
then key, fp32, losses by cross-entropy over joined logits, the key twin updated a weight at a time.
"""

import argparse
import copy
import json
import resource
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import Tensor, nn

import hico_mm  # noqa: F401

CONFIGS = Path(__file__).parents[1] / 'configs' / 'hico'


class PlainStep:
    """A training step of HiCo without any of our wiring, on the same layers."""

    def __init__(self, model: Any) -> None:
        parts = dict(backbone=model.backbone, neck=model.neck, mlps=model.projector.mlps)
        self.query: Any = copy.deepcopy(nn.ModuleDict(parts))
        self.key: Any = copy.deepcopy(self.query).requires_grad_(False)
        self.queues = {level: queue.features.clone() for level, queue in model.head.queues.items()}

    def encode(self, net: Any, clips: Tensor) -> Dict[str, Tensor]:
        """Clips (N, M, T, V, C) -> unit-length embeddings by level."""
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
        """Views (N, 2, M, T, V, C) -> the sum of the losses, after which the keys are stored."""
        q = self.encode(self.query, views[:, 0])
        with torch.no_grad():
            for mine, theirs in zip(self.key.parameters(), self.query.parameters()):
                mine.data = mine.data * 0.999 + theirs.data * 0.001
            k = self.encode(self.key, views[:, 1])
        loss = torch.zeros(())
        for name, source in (('clip', 'clip'), ('part', 'part'), ('temporal', 'spatial'), ('spatial', 'temporal'),
                             ('instance', 'instance')):
            query = q[name][:, 0] if q[name].ndim == 3 else q[name]
            keys = k[source] if k[source].ndim == 3 else k[source][:, None]
            positive = torch.einsum('nd,npd->np', query, keys)
            logits = torch.cat([positive, query @ self.queues[source].clone().t()], 1) / 0.2
            loss = loss - F.log_softmax(logits, 1)[:, :keys.shape[1]].exp().sum(1).log().mean()
        for level, keys in k.items():
            rows = keys.reshape(-1, keys.shape[-1])
            self.queues[level][torch.arange(len(rows)) % len(self.queues[level])] = rows
        return loss


def benchmark_step(args: argparse.Namespace) -> dict:
    """A training step: forward, backward, optimiser; our model against the plain step."""
    config = Config.fromfile(CONFIGS / f'hico_{args.encoder}_{args.dataset}.py')
    model = MODELS.build(config.model).to(args.device)
    plain = PlainStep(model)
    views = torch.randn(args.batch_size, 2, *model.backbone.clip_shape).to(args.device)

    def trainer(loss: Callable[[Tensor], Tensor], parameters: List[Tensor]) -> Callable[[], None]:
        optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4)

        def step() -> None:
            optimizer.zero_grad()
            loss(views).backward()
            optimizer.step()
            if args.device != 'cpu':
                torch.cuda.synchronize()
        return step

    steps = dict(
        plain=trainer(plain, list(plain.query.parameters())),
        hico_mm=trainer(lambda x: model.parse_losses(model.loss(x))[0], list(model.query_encoder.parameters())))
    return dict(stage='step', encoder=args.encoder, dataset=args.dataset, batch_size=args.batch_size,
                **compare(steps, args.repeats))


def compare(paths: Dict[str, Callable[[], None]], repeats: int) -> dict:
    """Median seconds of each path, taking turns after one warm-up, and the ratio of the first to the last."""
    seconds: Dict[str, List[float]] = {name: [] for name in paths}
    for turn in range(repeats + 1):
        for name, path in paths.items():
            start = time.perf_counter()
            path()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    medians = {name: sorted(values)[len(values) // 2] for name, values in seconds.items()}
    first, last = list(medians)[0], list(medians)[-1]
    return dict(seconds={name: round(value, 4) for name, value in medians.items()},
                ratio=round(medians[first] / medians[last], 3), repeats=repeats)


def main() -> None:
    """Measure, and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('stage', choices=['step'])
    parser.add_argument('--encoder', default='gru', choices=['gru', 'lstm', 'transformer'])
    parser.add_argument('--dataset', default='ntu60', choices=['ntu60', 'nwucla'])
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    torch.manual_seed(0)
    result = benchmark_step(args)
    device = torch.cuda.get_device_name() if args.device != 'cpu' else f'CPU, {torch.get_num_threads()} threads'
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** 20
    print(json.dumps(dict(result, device=device, torch=torch.__version__, peak_memory_gib=round(peak, 2))))


if __name__ == '__main__':
    main()
