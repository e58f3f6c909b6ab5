"""Measure again the scores that a checkpoint states."""

import math
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from ..checkpoints import META_KEY, Description, describe, load_checkpoint, save_checkpoint
from ..datasets.annotation import Annotation, read_annotation
from ..datasets.checks import UNLABELLED, clip_name, label_of
from ..datasets.skeleton_dataset import hash_of
from ..errors import UserError
from ..evaluation.probe import probe
from ..shipped import find_checkpoint
from .describe_checkpoint import describe_checkpoint
from .extract import encode_clips
from .init_model import init_model
from .prepare import ClipPreparer
from .read_clip import RawClip

TOLERANCE = 0.005  # half a point: sums are in another order on another processor, so a few clips change their neighbour


class Verification(NamedTuple):
    """A score of a checkpoint, measured again.

    Args:
        score: 'knn' or 'linear'.
        stated: The score in the checkpoint, in [0, 1], or None if it states none.
        measured: The score measured here.
        error: One standard error of the measured score, from the number of test clips.
    """

    score: str
    stated: Optional[float]
    measured: float
    error: float

    @property
    def agrees(self) -> bool:
        """Whether the score is as stated; also true if none is stated."""
        return self.stated is None or abs(self.measured - self.stated) <= TOLERANCE + 1e-9


def verify(checkpoint: Union[str, Path],
           ann_file: Union[str, Path],
           test_split: Optional[str] = None,
           device: Union[str, torch.device] = 'cpu') -> List[Verification]:
    """Measure retrieval and linear evaluation of a pretrained encoder, and compare with the scores it states.

    The training split is the one that the checkpoint records. It serves as gallery, and to solve the classifier.

    Args:
        checkpoint: A checkpoint of pretraining, or the name of weights that come with the package.
        ann_file: Annotation with both splits.
        test_split: Name of the test split. Defaults to the name of the training split with ``train`` replaced by
            ``val``.
        device: Device of the encoder. Defaults to 'cpu'.

    Returns:
        A row for ``knn`` and one for ``linear``.

    Raises:
        UserError: if the checkpoint was trained on a subset or does not record its training split, if the annotation
            does not have the splits, or a clip is in both of them, or if a clip has no label.
    """
    description = describe_checkpoint(checkpoint)
    data = description.training_data or {}
    train_split = data.get('split')
    if not isinstance(train_split, str) or '+' in train_split:
        raise UserError(f'{checkpoint} does not record a training split, so its scores cannot be measured again: use '
                        'hico-mm test with the config and the data')
    if data.get('subset'):
        raise UserError(f'{checkpoint} was trained on a subset of the clips, so its scores cannot be measured again: '
                        'use hico-mm test with the config and the data')
    annotation = read_annotation(ann_file)
    splits = train_split, test_split or train_split.replace('train', 'val')
    check_apart(annotation, *splits)
    model: Any = init_model(None, checkpoint, device)
    gallery, queries = (encode_split(model, annotation, split) for split in splits)
    measured = probe(*gallery, *queries)
    stated = stated_scores(description)
    return [Verification(score, stated.get(score), value, math.sqrt(value * (1 - value) / len(queries[1])))
            for score, value in measured.items()]


def check_apart(annotation: Annotation, train_split: str, test_split: str) -> None:
    """Check that no clip is in both splits.

    Raises:
        UserError: if some are; the message says how many.
    """
    train, test = (list(map(clip_name, annotation.of_split(split))) for split in (train_split, test_split))
    both = set(train) & set(test)
    if both:
        raise UserError(f'{len(both)} of the {len(test)} clips of split "{test_split}" of {annotation.path} are also '
                        f'in the training split "{train_split}", for example {min(both, key=str)}: name the test split '
                        'with --split')


def training_data_is_the_same(checkpoint: Union[str, Path], ann_file: Union[str, Path]) -> bool:
    """Return whether the training split of an annotation is the one that a checkpoint was trained on.

    Names, labels and keypoints are compared, by the hash that the checkpoint records. If it records none, they count as
    the same.
    """
    data = describe_checkpoint(checkpoint).training_data or {}
    return data.get('hash') in (None, hash_of(read_annotation(ann_file).of_split(data.get('split'))))


def state(checkpoint: Union[str, Path], rows: Sequence[Verification]) -> None:
    """Record the measured scores in a checkpoint."""
    content = load_checkpoint(checkpoint)
    description = describe(content, checkpoint)
    description.scores.update({row.score: row.measured for row in rows})
    content['meta'][META_KEY] = description.to_json()
    save_checkpoint(content, find_checkpoint(checkpoint))


def stated_scores(description: Description) -> dict:
    """Return the scores of a description by name; top-1 accuracy during pretraining is that of retrieval if k is 1."""
    scores = {name: description.scores[name] for name in ('knn', 'linear') if name in description.scores}
    head = description.model.get('cls_head') or {}
    if description.task == 'pretraining' and head.get('k', 1) == 1 and 'acc/top1' in description.scores:
        scores.setdefault('knn', description.scores['acc/top1'])
    return scores


def encode_split(model: Any, annotation: Annotation, split: str) -> Tuple[Tensor, Tensor]:
    """Return features (n, D) and labels (n,) of a split.

    Raises:
        UserError: if there are no clips, or one has no label.
    """
    clips, prepare = annotation.of_split(split), ClipPreparer(model)
    if not clips:
        raise UserError(f'split "{split}" of {annotation.path} has no clips')
    labels = np.array([label_of(clip) for clip in clips])
    if (labels == UNLABELLED).any():
        raise UserError(f'{annotation.path} has clips without a label in split "{split}": scores need labels')
    keypoints = []
    for number, clip in enumerate(clips):
        checked = prepare.check(clip['keypoint'], f'clip {number}')
        score = clip.get('keypoint_score')
        keypoints.append(prepare.scored(RawClip(
            str(number), checked, score=None if score is None else np.asarray(score))))
    features = encode_clips(model, keypoints, 'instance', 64, [clip.get('img_shape') for clip in clips], prepare)
    return features, torch.from_numpy(labels)
