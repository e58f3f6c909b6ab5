"""Conversion of NTU's text files, compared with MMAction2's own converter as installed."""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, List

import mmaction
import numpy as np

from hico_mm.converters.ntu import read_clip

from .measure import ROOT, compare

FRAMES, FILES = 88, 24


def write_raw(path: Path, frames: int = FRAMES) -> None:
    """Write a `.skeleton` file of one body that moves randomly."""
    rng = np.random.default_rng(0)
    lines = [str(frames)]
    for _ in range(frames):
        lines += ['1', '72057594037931101 0 1 1 0 0 0 0.123456 -0.0765432 2', '25']
        values = rng.standard_normal((25, 11)) * [1, 1, 1, 200, 200, 900, 500, 1, 1, 1, 1]
        lines += [' '.join(f'{value:.7g}' for value in row) + ' 2' for row in values]
    path.write_text('\n'.join(lines) + '\n')


def mmaction2_converter() -> Any:
    """Return MMAction2's installed converter script as a module."""
    path = Path(mmaction.__file__).parent / '.mim/tools/data/skeleton/gen_ntu_rgbd_raw.py'
    spec = importlib.util.spec_from_file_location('gen_ntu_rgbd_raw', path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(n: int) -> List[str]:
    """Return n different file names in the format of NTU."""
    return [f'S{i // 360 % 17 + 1:03d}C{i // 120 % 3 + 1:03d}P{i // 6120 % 40 + 1:03d}R{i // 60 % 2 + 1:03d}'
            f'A{i % 60 + 1:03d}.skeleton' for i in range(n)]


def run(args: argparse.Namespace) -> List[dict]:
    """Measure files of 88 frames on one core, then time and memory of the whole script with one and two workers."""
    converter = mmaction2_converter()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        source = raw / 'clip'
        write_raw(source)
        for name in names(args.files):
            (raw / name).hardlink_to(source)
        paths = [raw / name for name in names(FILES)]
        row = compare(dict(
            mmaction2=lambda: [converter.read_xyz(str(path)).astype(np.float16) for path in paths],
            hico_mm=lambda: list(map(partial(read_clip, bodies='slot'), paths))), args.repeats)
        each = {name: seconds / FILES for name, seconds in row['seconds'].items()}
        rows = [dict(row, stage='prepare', what=f'file of {FRAMES} frames, one core', seconds=each)]
        rows += [whole(raw, workers, args.files) for workers in (1, 2)]
    return rows


def whole(raw: Path, workers: int, files: int) -> dict:
    """Run the whole script on a folder; measure its time and the peak memory of its main process."""
    out = raw / 'out.pkl'
    program = ('import re, sys, runpy\nsys.argv = sys.argv[1:]\n'
               'try:\n    runpy.run_path(sys.argv[0], run_name="__main__")\n'
               'finally:\n    print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])')
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, '-c', program, str(ROOT / 'tools/data/prepare_ntu.py'),
         '--raw', str(raw), '--dataset', 'ntu60', '--out',
         str(out), '--workers', str(workers)], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    peak, size = int(done.stdout.split()[-1]) / 2 ** 20, out.stat().st_size / 2 ** 30
    return dict(stage='prepare', what=f'{files} files, whole script, {workers} worker(s)',
                seconds=dict(hico_mm=seconds), ratio={}, repeats=1, peak_memory_gib=peak,
                note=f'output of {size:.2f} GiB; peak memory is {peak - size:.2f} GiB larger')
