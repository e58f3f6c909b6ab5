"""A run of a sweep: pretrain with a setting, and score the encoder."""

import re
import time
from copy import deepcopy
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..datasets.annotation import read_annotation
from ..datasets.checks import clip_name
from ..errors import UserError
from ..evaluation import EncodedClips, encode
from ..evaluation.probe import probe
from ..fileio import dump_pickle
from ..wiring import load_config
from . import few_labels
from .trial import build_trial, read_part


class Job(NamedTuple):
    """A run: the names of a dataset and a setting in the table, and a seed."""

    dataset: str
    setting: str
    seed: int


def steps_of(table: Config, setting: str) -> int:
    """Return the number of training steps that a setting asks for; whole epochs are trained."""
    wanted = table.settings[setting]
    return 0 if wanted.get('raw') else wanted.get('steps', table.steps)


def run(table: Config, job: Job, folder: Path, test: bool = False) -> dict:
    """Pretrain with a setting on the first part of a dataset, and score the frozen encoder on the second.

    The parts are those of its training split or, with ``test``, its training and its test split.
    """
    data, setting = table.datasets[job.dataset], table.settings[job.setting]
    ann_file = divide(job.dataset, data, folder, test)
    began = time.perf_counter()
    steps = steps_of(table, job.setting)
    runner = build(data, setting, steps, job.seed, ann_file, folder)
    curve: List[dict] = []
    if steps:
        if table.get('points'):
            runner.register_hook(ScoreHook(curve, table.points), 'LOWEST')
        runner.train()
    fit, held = encoded(runner)
    scores = dict(probe(fit.features, fit.labels, held.features, held.labels))
    if test and 'distinct' in data:
        names = {clip_name(clip) for clip in read_annotation(data['ann_file']).of_split(data['distinct'])}
        kept = torch.tensor([sample.frame_dir in names for sample in held.samples])
        distinct = probe(fit.features, fit.labels, held.features[kept], held.labels[kept])
        scores.update({f'{name}_distinct': value for name, value in distinct.items()})
    more: dict = dict(curve=curve) if curve else {}
    if 'labels' in setting:
        more['plan'] = setting['labels'].to_dict()
        more['labels'] = few_labels.train_with_few_labels(runner, fit, held, setting['labels'])
    facts = dict(tested=test, asked=steps, steps=runner.iter, seconds=round(time.perf_counter() - began, 1),
                 torch=torch.__version__, date=time.strftime('%Y-%m-%d'), base=setting['base'],
                 options=dict(setting.get('options', {})), data=dict(data), **more)
    return dict(job._asdict(), **facts, **percent(scores))


def percent(scores: Dict[str, float]) -> Dict[str, float]:
    """Return accuracies in %."""
    return {name: round(100 * value, 2) for name, value in scores.items()}


def encoded(runner: Runner) -> Tuple[EncodedClips, EncodedClips]:
    """Return the features of the clips to train on, and of the held-out clips."""
    fit, held = (encode(runner.model, runner.build_dataloader(read_part(runner.cfg, part)), title=part)
                 for part in ('fit', 'held'))
    return fit, held


class ScoreHook(Hook):
    """Score the encoder during the training, to see how the scores depend on its length.

    Args:
        curve: List to append to: ``step`` and the scores, in %.
        points: Number of times, evenly spaced; the last is at the end of the training.
    """

    def __init__(self, curve: List[dict], points: int) -> None:
        self.curve, self.points = curve, points

    def after_train_epoch(self, runner: Runner) -> None:
        """Score the encoder at the end of each part of the training."""
        done, before = (epoch * self.points // runner.max_epochs for epoch in (runner.epoch + 1, runner.epoch))
        if done > before:
            with torch.random.fork_rng(devices=[]):  # loaders draw from it
                fit, held = encoded(runner)
            scores = probe(fit.features, fit.labels, held.features, held.labels)
            self.curve.append(dict(step=runner.iter, **percent(scores)))


def divide(name: str, data: dict, folder: Path, test: bool = False) -> Path:
    """Write a dataset with the splits ``fit`` and ``held``, and return the file.

    They are parts of its training split or, with ``test``, its training and its test split.

    Raises:
        UserError: if one of the parts is empty.
    """
    path = folder / f'{name}.pkl'
    if test and not path.exists():
        annotation = read_annotation(data['ann_file'])
        parts = {part: annotation.of_split(data[key]) for part, key in (('fit', 'split'), ('held', 'test'))}
        split = {part: [clip_name(clip) for clip in clips] for part, clips in parts.items()}
        dump_pickle(dict(split=split, annotations=[*parts['fit'], *parts['held']]), path)
    if not path.exists():
        clips = read_annotation(data['ann_file']).of_split(data['split'])
        held = [bool(re.search(data['held'], str(clip_name(clip)))) for clip in clips]
        if not 0 < sum(held) < len(held):
            raise UserError(f'{data["ann_file"]}: the pattern {data["held"]} of {name} holds out {sum(held)} of the '
                            f'{len(held)} clips of split "{data["split"]}": choose one that matches some of the names')
        split = {part: [clip_name(clip) for clip, out in zip(clips, held) if out == (part == 'held')]
                 for part in ('fit', 'held')}
        dump_pickle(dict(split=split, annotations=clips), path)
    return path


def build(data: dict, setting: dict, steps: int, seed: int, ann_file: Path, folder: Path) -> Runner:
    """Build the runner of a setting."""
    ours, theirs = (deepcopy(dict(part.get('options', {}))) for part in (data, setting))  # merging changes them
    config = load_config(setting['base'], (), ours)
    config.merge_from_dict(theirs)
    if setting.get('raw'):
        parts = {part: config.model[part] for part in ('data_preprocessor', 'cls_head')}
        config.model = dict(type='SkeletonRecognizer', backbone=dict(type='RawCoordinates'), **parts)
    config.train_dataloader.dataset.update(ann_file=str(ann_file), split='fit', layout=data['layout'])
    config.model.data_preprocessor.layout = data['layout']
    config.model.cls_head.num_classes = data['num_classes']
    config.merge_from_dict(dict(val_dataloader=None, val_cfg=None, val_evaluator=None))
    return build_trial(config, steps, len(read_annotation(ann_file).of_split('fit')), seed, folder / 'run')
