"""How time and memory grow with the number of clips, up to a million, and with their frames."""

import argparse
import ctypes
import gc
import tempfile
import time
from pathlib import Path
from typing import List

import numpy as np
import torch
from mmaction.registry import DATASETS

from hico_mm.fileio import dump_pickle
from hico_mm.models.heads import KNNHead

from .measure import compare, config_on, memory_beyond

CLIPS = (1_000, 10_000, 100_000, 1_000_000)
FRAMES = (8, 32, 128)  # the first is used where the number of clips varies
QUERIES = 1024
WIDTH = 1024  # the width of an instance feature of the LSTM of width 128


def run(args: argparse.Namespace) -> List[dict]:
    """Load 1,000 clips of 8 frames and more, up to ``--largest``; load longer ones; search among as many features."""
    rows = [load(n, FRAMES[0]) for n in CLIPS if n <= args.largest]
    rows += [load(min(10_000, args.largest), frames) for frames in FRAMES[1:]]
    return rows + [search(n) for n in CLIPS if n <= args.largest]


def load(n: int, frames: int) -> dict:
    """Measure reading and normalising n clips of one person, once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'clips.pkl'
        rng = np.random.default_rng(0)
        # A few poses many times over: what is in a clip does not matter here.
        clips = rng.standard_normal((min(n, 1000), 1, frames, 25, 3)).astype(np.float16)
        dump_pickle([dict(frame_dir=f'clip{i}', label=0, total_frames=frames, keypoint=clips[i % len(clips)].copy())
                     for i in range(n)], path)
        config = config_on('hico_gru_ntu60.py', path).train_dataloader.dataset
        config.split = None
        began = time.perf_counter()
        del clips
        release_memory()
        memory = memory_beyond(lambda: DATASETS.build(config))
        seconds = time.perf_counter() - began
        size = path.stat().st_size / 2 ** 30
    return dict(stage='growth', what=f'loading clips of {frames} frames, {n}', clips=n, frames=frames, ratio={},
                repeats=1, seconds=dict(hico_mm=seconds), peak_memory_gib=memory, note=f'file {size:.3f} GiB')


def release_memory() -> None:
    """Return freed memory to the system: used again, it would not be counted."""
    gc.collect()
    ctypes.CDLL('libc.so.6').malloc_trim(0)


def search(n: int) -> dict:
    """Measure retrieval among n features."""
    gallery, queries, head = torch.randn(n, WIDTH), torch.randn(QUERIES, WIDTH), KNNHead(60)
    memory = memory_beyond(lambda: head.set_gallery(gallery, torch.arange(n) % 60))
    return dict(stage='growth', what=f'{QUERIES} queries of {WIDTH} channels, {n}', clips=n, ratio={}, repeats=3,
                seconds=compare(dict(hico_mm=lambda: head(queries)), 3)['seconds'], peak_memory_gib=memory)
