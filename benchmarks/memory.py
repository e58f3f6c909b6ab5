"""Memory that annotations take in several processes on a host: one copy in all, or one per process."""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import torch.distributed as dist
from mmaction.registry import DATASETS
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

import hico_mm  # noqa: F401
from hico_mm.fileio import dump_pickle

from .measure import launch, make_annotation

RANKS, WORKERS = 2, 2


def run(args: argparse.Namespace) -> List[dict]:
    """Measure the proportional set size of all ranks and workers after reading many clips, minus that for 64 clips."""
    with tempfile.TemporaryDirectory() as folder:
        sizes: Dict[int, Dict[str, float]] = {}
        for clips in 64, args.clips * 32:
            path = Path(folder) / f'{clips}.pkl'
            dump_pickle(make_annotation(clips), path)
            sizes[clips] = {kind: measure(kind, path) for kind in ('PoseDataset', 'SkeletonDataset')}
        split = path.stat().st_size * 17 / 24 / 2 ** 30
    few, many = sizes.values()
    plain, ours = (many[kind] - few[kind] for kind in ('PoseDataset', 'SkeletonDataset'))
    return [dict(stage='memory', what=f'{RANKS} ranks x {WORKERS} workers, {split:.2f} GiB of training clips',
                 seconds={}, repeats=1, ratio=dict(mmaction2=plain / ours), peak_memory_gib=ours,
                 note=f"MMAction2's PoseDataset takes {plain / split:.2f} copies, hico_mm {ours / split:.2f}")]


def measure(kind: str, path: Path) -> float:
    """Return the memory, in GiB, of all processes when they have read a file with a dataset class."""
    return sum(launch(RANKS, 'benchmarks.memory', kind, str(path))) / 2 ** 20


def rank(kind: str, path: str) -> None:
    """Run one rank: read every clip with its workers, then print the memory of the rank and its workers."""
    init_default_scope('mmaction')
    dist.init_process_group('gloo')
    ours = dict(layout='ntu') if kind == 'SkeletonDataset' else {}
    dataset = DATASETS.build(dict(type=kind, ann_file=path, pipeline=[], split='xsub_train', **ours))
    loader = DataLoader(dataset, 16, num_workers=WORKERS, persistent_workers=True, collate_fn=len,
                        multiprocessing_context='fork')
    read = sum(loader)
    assert read == len(dataset)
    dist.barrier()
    workers = [worker.pid for worker in loader._iterator._workers]  # type: ignore[union-attr]
    kilobytes = sum(proportional_set_size(pid) for pid in (os.getpid(), *workers))
    dist.barrier()  # no process ends before all have measured
    print(f'measured: {kilobytes}', flush=True)
    dist.destroy_process_group()


def proportional_set_size(pid: int) -> int:
    """Return the memory of a process in KiB; shared memory is counted proportionally."""
    found = re.search(r'^Pss:\s+(\d+)', Path(f'/proc/{pid}/smaps_rollup').read_text(), re.M)
    assert found is not None
    return int(found[1])


if __name__ == '__main__':
    rank(*sys.argv[1:])
