"""How the cost grows with the number of clips and, on a GPU, the batch size; on a CPU, with one and two processes."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import List

import torch
import torch.distributed as dist
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper

import hico_mm  # noqa: F401
from hico_mm.fileio import dump_pickle
from hico_mm.models.heads import KNNHead

from . import step
from .evaluation import WIDTH
from .measure import CONFIGS, compare, config_on, launch, make_annotation, memory_beyond

QUERIES = 1024


def run(args: argparse.Namespace) -> List[dict]:
    """Measure 400, 4,000 and 40,000 clips and, on a CPU, one and two processes or, on a GPU, batches of 64 to 2048."""
    rows = [row for factor in (1, 10, 100) for row in clips(args, 400 * factor)]
    if args.device == 'cpu':
        return rows + processes(args)
    return rows + [row for size in (64, 128, 256, 512, 1024, 2048)
                   for row in step.run(argparse.Namespace(**{**vars(args), 'batch_size': size}))]


def clips(args: argparse.Namespace, n: int) -> List[dict]:
    """Measure loading and normalising n clips, and a search among them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'clips.pkl'
        dump_pickle(make_annotation(n), path)
        size = path.stat().st_size / 2 ** 30
        config = config_on('hico_gru_ntu60.py', path).train_dataloader.dataset
        config.split = None

        def load() -> None:
            DATASETS.build(config)

        memory = memory_beyond(load)  # measured first, since freed memory may be reused
        seconds = compare(dict(hico_mm=load), 1)['seconds']
    gallery, queries, head = torch.randn(n, WIDTH), torch.randn(QUERIES, WIDTH).to(args.device), KNNHead(60)
    head.set_gallery(gallery.to(args.device), torch.arange(n, device=args.device) % 60)
    search = compare(dict(hico_mm=lambda: head(queries)), 3)['seconds']
    return [dict(stage='scale', what=f'{what}, {n} clips', clips=n, seconds=s, ratio={}, repeats=r, **more)
            for what, s, r, more in (('loading', seconds, 1, dict(peak_memory_gib=memory, note=f'file {size:.2f} GiB')),
                                     (f'{QUERIES} queries', search, 3, {}))]


def processes(args: argparse.Namespace) -> List[dict]:
    """Measure a training step of one process, and of two processes that share the batch and the cores."""
    name = f'hico_{args.encoder}_{args.dataset}'
    seconds = {f'{n} process(es)': max(launch(n, 'benchmarks.scale', name, str(args.batch_size // n)))
               for n in (1, 2)}
    one, two = seconds.values()
    return [dict(stage='scale', what=f'a step of {name}, {args.batch_size} clips', seconds=seconds, repeats=5,
                 ratio={'1 process': one / two}, note='the processes share the cores')]


def rank(name: str, batch_size: str) -> None:
    """Run one of the processes, and print the median time of its steps in seconds."""
    dist.init_process_group('gloo')
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // dist.get_world_size()))
    model = MODELS.build(Config.fromfile(CONFIGS / f'{name}.py').model)
    wrapper = MMDistributedDataParallel(model, broadcast_buffers=False)
    optimizer = OptimWrapper(torch.optim.SGD(model.query_encoder.parameters(), lr=0.01, momentum=0.9))
    views = [torch.randn(2, *model.backbone.clip_shape) for _ in range(int(batch_size))]
    seconds = compare(dict(step=lambda: wrapper.train_step(dict(inputs=views), optimizer)), 5)['seconds']['step']
    print(f'measured: {seconds}', flush=True)
    dist.destroy_process_group()


if __name__ == '__main__':
    rank(*sys.argv[1:])
