"""Measurements and data shared by the benchmarks."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import torch
from mmengine.config import Config

from hico_mm.checkpoints import EncoderSource, take_encoder_into
from hico_mm.wiring import complete_config

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs' / 'hico'
Paths = Dict[str, Callable[[], Any]]


def compare(paths: Paths, repeats: int, warm_up: Optional[int] = None) -> dict:
    """Measure paths in turns after a warm-up.

    Args:
        paths: Functions to measure, by name.
        repeats: Number of turns to measure.
        warm_up: Number of turns before. Defaults to one, and to three on a GPU, where the first steps choose kernels
            and record a graph.

    Returns:
        By name, the median ``seconds`` of each path and the ``spread`` from the fastest to the slowest turn; ``ratio``,
        the speed-up of the last path over each of the others; and ``repeats``.
    """
    if warm_up is None:
        warm_up = 3 if torch.cuda.is_available() else 1
    seconds: Dict[str, List[float]] = {name: [] for name in paths}
    for turn in range(repeats + warm_up):
        for name, path in paths.items():
            start = time.perf_counter()
            path()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    medians = {name: sorted(values)[len(values) // 2] for name, values in seconds.items()}
    last = list(medians)[-1]
    return dict(seconds=medians, repeats=repeats, spread={name: (min(v), max(v)) for name, v in seconds.items()},
                ratio={name: value / medians[last] for name, value in medians.items() if name != last})


def memory_beyond(path: Callable[[], Any], device: str = 'cpu') -> float:
    """Run a function and return by how much its peak memory exceeds the memory before, in GiB."""
    if device != 'cpu':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        path()
        return (torch.cuda.max_memory_allocated() - before) / 2 ** 30
    Path('/proc/self/clear_refs').write_text('5')  # reset the peak
    before = _status('VmRSS')
    path()
    return (_status('VmHWM') - before) / 2 ** 20


def _status(field: str) -> int:
    """Return a field of the process's status, in KiB."""
    found = re.search(rf'{field}:\s+(\d+) kB', Path('/proc/self/status').read_text())
    assert found is not None
    return int(found[1])


def launch(processes: int, module: str, *args: str) -> List[float]:
    """Run a module in several processes and return the number that each prints after 'measured:'.

    Raises:
        RuntimeError: if a process does not print one.
    """
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={processes}', '-m', module,
         *args], cwd=ROOT, env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    found = re.findall(r'measured: ([\d.]+)', done.stdout)  # two processes may print in the same line
    if len(found) != processes:
        raise RuntimeError(f'{module} failed: {done.stdout}{done.stderr}'[-2000:])
    return list(map(float, found))


def multiply_speed(device: str) -> float:
    """Return the speed of a large float32 matrix product in GFLOP/s, an upper limit for this machine."""
    torch.backends.cuda.matmul.allow_tf32 = False
    size = 2048 if device == 'cpu' else 8192
    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    seconds = compare(dict(product=lambda: a @ b), 9)['seconds']['product']
    return 2 * size ** 3 / seconds / 1e9


def make_annotation(n: int, seed: int = 0) -> dict:
    """Make an annotation of random clips with lengths as in NTU, 84 frames on average; one in five has two persons."""
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.gamma(6, 14, n), 32, 300).astype(int)
    clips = [dict(frame_dir=f'clip{i}', label=i % 60, total_frames=int(length),
                  keypoint=rng.standard_normal((2 if i % 5 == 0 else 1, length, 25, 3), dtype=np.float32))
             for i, length in enumerate(lengths)]
    names = [clip['frame_dir'] for clip in clips]
    third = n * 7 // 24  # the proportion of test clips in NTU-60 x-sub
    return dict(split=dict(xsub_train=names[third:], xsub_val=names[:third]), annotations=clips)


def config_on(name: str, ann_file: Path) -> Config:
    """Load a config, and make all its datasets read one file, without workers."""
    config = Config.fromfile(CONFIGS / name)
    for loader in 'train_dataloader', 'val_dataloader', 'test_dataloader':
        config[loader].dataset.ann_file = str(ann_file)
        config[loader].update(num_workers=0, persistent_workers=False)
    if config.model.get('backbone') is None:  # a downstream config gets the untrained encoder of HiCo-GRU
        take_encoder_into(config, EncoderSource.open(CONFIGS / 'hico_gru_ntu60.py'))
    complete_config(config)
    return config
