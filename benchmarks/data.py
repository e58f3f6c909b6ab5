"""How long both augmented views of a training clip take, compared with the released feeder and MMAction2's pipeline."""

import argparse
import tempfile
from pathlib import Path
from typing import List

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import DATASETS, MODELS, TRANSFORMS
from mmengine.dataset import Compose

from hico_mm.datasets import skeleton_collate
from hico_mm.fileio import dump_pickle

from .measure import compare, config_on, make_annotation

CLIPS = 256
STOCK = [dict(type='PreNormalize3D'), dict(type='GenSkeFeat', dataset='nturgb+d', feats=['j']),
         dict(type='UniformSampleFrames', clip_len=64), dict(type='PoseDecode'),
         dict(type='FormatGCNInput', num_person=2), dict(type='PackActionInputs')]


def plain_view(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make an augmented view of a normalised clip (2, T, V, 3) in numpy, following the released recipe."""
    length = clip.shape[1]
    crop = min(max(int(rng.uniform(0.1, 1) * length), 64), length)
    start = rng.integers(length - crop + 1)
    flat = torch.from_numpy(clip[:, start:start + crop]).permute(0, 2, 3, 1).flatten(0, 2)[None]
    view = F.interpolate(flat, size=64, mode='linear')[0].view(2, 25, 3, 64).permute(0, 3, 1, 2).numpy()
    matrix = rng.uniform(-1, 1, (3, 3)).astype(np.float32)
    if rng.random() < 0.5:
        np.fill_diagonal(matrix, 1)
        return view @ matrix
    joints = rng.permutation(25)[:15]
    view = view.copy()
    view[:, :, joints] = 0 if rng.random() < 0.5 else view[:, :, joints] @ matrix
    return view


def run(args: argparse.Namespace) -> List[dict]:
    """Measure on one core. Normalised clips are cached, except in MMAction2's pipeline, which cannot cache them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'clips.pkl'
        dump_pickle(make_annotation(CLIPS * 24 // 17 + 1), path)
        config = config_on('hico_gru_ntu60.py', path)
        dataset = DATASETS.build(config.train_dataloader.dataset)
        raw = DATASETS.build(dict(config.train_dataloader.dataset, load_pipeline=[]))
    preprocessor = MODELS.build(config.model.data_preprocessor)
    stock = Compose([TRANSFORMS.build(transform) for transform in STOCK])
    clips = [dataset.store[i] for i in range(CLIPS)]
    clips = [np.concatenate([clip, np.zeros_like(clip)])[:2] for clip in clips]
    rng = np.random.default_rng(0)

    def mmaction2() -> None:
        for i in range(CLIPS):
            stock(raw.get_data_info(i))

    def plain() -> None:
        for first in range(0, CLIPS, 64):
            for _ in range(2):
                torch.from_numpy(np.stack([plain_view(clip, rng) for clip in clips[first:first + 64]]))

    def ours() -> None:
        for first in range(0, CLIPS, 64):
            preprocessor(skeleton_collate([dataset[i] for i in range(first, first + 64)]), training=True)

    torch.empty(2 ** 22)  # as in training steps, a block of this size makes the allocator keep freed memory
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    row = compare(dict(mmaction2=mmaction2, plain=plain, hico_mm=ours), args.repeats)
    torch.set_num_threads(threads)
    each = {name: seconds / CLIPS for name, seconds in row['seconds'].items()}
    return [dict(row, stage='data', what='training clip, both views (MMAction2: one view), one core', seconds=each)]
