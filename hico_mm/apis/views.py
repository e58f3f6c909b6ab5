"""The augmented views that pretraining with a config makes of clips."""

import logging
import tempfile
from pathlib import Path
from typing import Any, List, NamedTuple, Sequence

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from ..datasets.checks import UNLABELLED
from ..engine.hooks.step_seed_hook import step_seed
from ..engine.loaders import sequential
from ..errors import UserError
from ..fileio import dump_pickle
from ..structures import SkeletonLayout, get_layout
from ..wiring import check_parts, complete_config, load_config, skeleton_datasets
from .read_clip import RawClip


class Views(NamedTuple):
    """What a network gets of a clip.

    Args:
        normalised: (M, T, V, C), the clip as the dataset gives it.
        views: Its training views, each (M, clip_len, V, C).
        stream: The stream of the views: 'joint', 'bone' or 'motion'.
        layout: The skeleton.
    """

    normalised: np.ndarray
    views: List[np.ndarray]
    stream: str
    layout: SkeletonLayout


def make_views(clips: Sequence[RawClip], config: str, seed: int = 0) -> List[Views]:
    """Make the training views of clips with the dataset and the data preprocessor of a config.

    They are those of the first step of a training with this seed, if its first batch were these clips.

    Args:
        clips: The clips.
        config: The config, a file or the name of one that comes with the package.
        seed: Seed of the augmentations. Defaults to 0.

    Raises:
        UserError: if the config cannot be used, or has another skeleton than the clips.
    """
    completed = load_config(config)
    check_parts(completed, config, 'model', 'train_dataloader')
    complete_config(completed)
    sets = [dataset for where, dataset in skeleton_datasets(completed) if where.startswith('train_dataloader')]
    if not sets or completed.model.get('data_preprocessor') is None:
        raise UserError(f'config {config} has no SkeletonDataset with a data preprocessor, so its views cannot be '
                        'shown: give one of the pretraining configs in configs/README.md')
    _check_skeleton(clips, config, get_layout(sets[0]['layout']))
    init_default_scope(completed.get('default_scope', 'mmaction'))
    loader = _loader_of(clips, completed, dict(sets[0]))
    preprocessor: Any = MODELS.build(completed.model.data_preprocessor)
    normalised = [np.asarray(loader.dataset[i]['keypoint'], np.float32) if not sets[0].get('pipeline') else None
                  for i in range(len(clips))]
    batch = next(iter(loader))
    torch.manual_seed(step_seed(seed, 0, 0))
    views = preprocessor(batch, True)['inputs'].numpy()
    return [Views(clip if clip is not None else of_clip[0], list(of_clip), preprocessor.stream, preprocessor.layout)
            for clip, of_clip in zip(normalised, views)]


def _check_skeleton(clips: Sequence[RawClip], config: str, layout: SkeletonLayout) -> None:
    for clip in clips:
        if clip.keypoint.shape[2] != layout.num_joints or clip.layout is not None and get_layout(clip.layout) != layout:
            has = f'the skeleton "{get_layout(clip.layout).name}"' if clip.layout is not None else \
                f'{clip.keypoint.shape[2]} joints'
            raise UserError(f'{clip.name} has {has}, but config {config} takes "{layout.name}" with '
                            f'{layout.num_joints} joints: give a config of that skeleton')


def _loader_of(clips: Sequence[RawClip], config: Config, dataset: dict) -> Any:
    """Return a loader that gives the clips in one batch, as the config's own loader would."""
    names = [f'{number}' for number in range(len(clips))]
    entries = [dict(frame_dir=name, keypoint=clip.keypoint, total_frames=clip.keypoint.shape[1],
                    **({} if clip.label == UNLABELLED else dict(label=clip.label)),
                    **({} if clip.score is None else dict(keypoint_score=clip.score)),
                    **(dict(img_shape=clip.img_shape) if clip.img_shape else {})) for name, clip in zip(names, clips)]
    MMLogger.get_current_instance().setLevel(logging.ERROR)  # what a dataset says of its file is of no use here
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'clips.pkl'
        dump_pickle(dict(split=dict(clips=names), annotations=entries), path)
        dataset.update(ann_file=str(path), split='clips', subset=None)
        loader = dict(batch_size=len(clips), num_workers=0, dataset=dataset)
        if config.train_dataloader.get('collate_fn'):
            loader['collate_fn'] = config.train_dataloader.collate_fn
        return Runner.build_dataloader(sequential(loader), seed=0)
