"""Dataset for MMAction2's skeleton annotations, with safe loading and checks."""

import hashlib
import logging
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from mmaction.datasets import PoseDataset
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.dataset import Compose
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from rich.progress import track

from ..errors import UserError, check_count
from ..structures import SkeletonLayout, get_layout
from ..wiring import complete_transforms
from .annotation import read_annotation
from .checks import UNLABELLED, clip_fault, clip_name, label_of, named
from .clip_store import ClipStore, load_once_a_host
from .persons import most_active
from .subsets import check_subset, draw_subset
from .suspicions import suspicions


@DATASETS.register_module()
class SkeletonDataset(PoseDataset):
    """A ``PoseDataset`` that loads plain data only, checks each clip, and normalises it once, at loading.

    Args:
        ann_file: Annotation pickle of MMAction2 with ``split`` and ``annotations``; keypoints are (M, T, V, C), 3-D or
            2-D.
        pipeline: Transforms applied to a sample each time it is read. Defaults to none, since ``skeleton_collate``
            makes batches directly from annotations.
        split: Name of the split; None uses all annotations. Defaults to None.
        layout: Skeleton layout the clips must have; None skips the check. Defaults to None.
        load_pipeline: Deterministic transforms applied to each clip when the file is loaded. A transform that needs a
            layout and omits it gets the layout of the dataset. None, the default, means ``NormalizeSkeleton`` as
            released if there is a layout, and no transforms otherwise.
        subset: Arguments of :func:`draw_subset` (``fraction``, ``seed``, ``per_class``), to keep a labelled subset of
            the split; None keeps the whole split. Defaults to None.
        num_persons: Maximum number of persons per clip; those that move most are kept, and a warning gives the number
            of clips with more. None, the default, keeps all.
        **kwargs: Further arguments of MMAction2's ``PoseDataset``.

    Attributes:
        summary: Summary of the split before a subset is drawn: ``ann_file``, ``split``, ``clips``, ``classes``, a
            ``hash`` of names, labels and keypoints that does not depend on the order of clips, ``scores``, the same of
            the scores or None, and ``subset``.
        class_names: Names of the classes, or None if the annotation has none.
        labels: (n,) labels of the kept clips; -1 for a clip without a label.
        names: Names of the kept clips.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if ``indices``, ``valid_ratio``, ``box_thr`` or ``filter_cfg`` of MMAction2's dataset is given; if
            the subset has other arguments than those of :func:`draw_subset`, or invalid ones; if the file is damaged or
            has no such split; or if a clip in the split is not valid, see :func:`~hico_mm.datasets.checks.clip_fault`.
            The message names the file and the clip and says what to do.
    """

    def __init__(self,
                 ann_file: str,
                 pipeline: Sequence[Union[dict, Callable]] = (),
                 split: Optional[str] = None,
                 layout: Union[str, dict, SkeletonLayout, None] = None,
                 load_pipeline: Optional[Sequence[dict]] = None,
                 subset: Optional[dict] = None,
                 num_persons: Optional[int] = None,
                 **kwargs) -> None:
        self.layout = get_layout(layout) if layout is not None else None
        if load_pipeline is None:
            load_pipeline = [dict(type='NormalizeSkeleton')] if self.layout is not None else []
        self.load_pipeline = complete_transforms(load_pipeline, 'the dataset', layout=layout)
        for name, usual in dict(indices=None, valid_ratio=None, box_thr=0.5, filter_cfg=None).items():
            if kwargs.get(name) not in (None, usual):
                raise UserError(f'the dataset has no option {name}: choose clips with subset, a split of their own, or '
                                'hico-mm hold-out')
        if num_persons is not None:
            check_count(num_persons, 'num_persons')
        if subset is not None:
            check_subset(subset)
        self.subset, self.num_persons = subset, num_persons
        super().__init__(ann_file, list(pipeline), split=split, **kwargs)

    def load_data_list(self) -> List[Dict]:
        """Load, check and normalise the clips of the split, once per host. Keypoints are stored separately."""
        self.store, (clips, self.summary, self.class_names) = load_once_a_host(self._load)
        self.labels = np.array([clip['label'] for clip in clips])
        self.names = [str(clip_name(clip)) for clip in clips]
        return [{**clip, 'clip': i} for i, clip in enumerate(clips)]

    def get_data_info(self, idx: int) -> Dict:
        """Return the annotation of a clip, with keypoints (M, T, V, C)."""
        info = super().get_data_info(idx)
        info['keypoint'] = self.store[info.pop('clip')]
        return info

    def _load(self) -> Tuple[ClipStore, Tuple[List[dict], Dict[str, Any], Optional[List[str]]]]:
        annotation = read_annotation(self.ann_file)
        clips, classes = annotation.of_split(self.split), annotation.classes
        self._check(clips)
        lacking = set(annotation.splits.get(self.split or '', ())).difference(map(clip_name, clips))
        if lacking:
            self._warn(f'{len(lacking)} of the {len(lacking) + len(clips)} clips have no annotation, for example '
                       f'{min(lacking)}')
        del annotation  # frees the clips of other splits
        for suspicion in suspicions(clips, self.layout, classes):
            self._warn(suspicion)
        clips = [{**clip, 'label': label_of(clip)} for clip in clips]
        summary = self._summary(clips)
        if self.subset is not None:
            clips = self._draw(clips, self.subset)
        return ClipStore.from_clips(self._prepare(clips)), (clips, summary, classes)

    def _check(self, clips: List[dict]) -> None:
        if not clips:
            raise UserError(f'{self.ann_file} has no clips in split "{self.split}": prepare it again')
        for clip in clips:
            fault = clip_fault(clip, self.layout)
            if fault:
                raise UserError(f'{self.ann_file}: clip {named(clip)} {fault}')
        twice = [name for name, count in Counter(map(clip_name, clips)).items() if count > 1]
        if twice:
            raise UserError(f'{self.ann_file}: {len(twice)} clips of split "{self.split}" occur more than once, '
                            f'for example {twice[0]}: give each clip a unique name')

    def _draw(self, clips: List[dict], subset: dict) -> List[dict]:
        """Draw a labelled subset of the clips."""
        bare = [named(clip) for clip in clips if clip['label'] == UNLABELLED]
        if bare:
            raise UserError(f'{self.ann_file}: {len(bare)} of the {len(clips)} clips of split "{self.split}" have no '
                            f'label, for example {bare[0]}, so no labelled subset can be drawn: add the labels, or '
                            'leave subset out')
        drawn = draw_subset([clip['label'] for clip in clips], list(map(clip_name, clips)), **subset)
        return [clips[i] for i in drawn]

    def _prepare(self, clips: List[dict]) -> List[np.ndarray]:
        """Normalise the clips, remove the keypoints from them, and return the keypoints."""
        prepare = Compose([TRANSFORMS.build(t) if isinstance(t, dict) else t for t in self.load_pipeline])
        quiet = len(clips) < 5000 or not is_main_process()
        keypoints, crowded, empty = [], 0, 0
        for i in track(range(len(clips)), 'normalising', disable=quiet, transient=True):
            keypoint = np.array(clips[i]['keypoint'], dtype=np.float32)  # a copy: clips may share an array
            clip = {**clips[i], 'keypoint': keypoint, 'total_frames': keypoint.shape[1]}
            if self.num_persons is not None and len(keypoint) > self.num_persons:
                clip, crowded = _with_persons(clip, most_active(keypoint, self.num_persons)), crowded + 1
            clips[i] = prepare(clip)
            keypoints.append(clips[i].pop('keypoint'))
            empty += not keypoints[-1].any()
        if crowded:
            self._warn(f'{crowded} of the {len(clips)} clips have more than {self.num_persons} person(s): only those '
                       'that move most are kept')
        if empty:
            self._warn(f'{empty} of the {len(clips)} clips have no joint left after normalisation: lower score_thr, or '
                       'leave them out of the split')
        return keypoints

    def _warn(self, sentence: str) -> None:
        print_log(f'{self.ann_file}, split "{self.split}": {sentence}', 'current', logging.WARNING)

    def _summary(self, clips: List[dict]) -> Dict[str, Any]:
        """Summarize the split."""
        return dict(
            ann_file=Path(self.ann_file).name, split=self.split, clips=len(clips),
            classes=len({clip['label'] for clip in clips} - {UNLABELLED}), hash=hash_of(clips),
            scores=hash_of_scores(clips), subset=dict(self.subset) if self.subset is not None else None)


def _with_persons(clip: dict, persons: np.ndarray) -> dict:
    """Keep some of the persons of a clip, with their scores."""
    score = clip.get('keypoint_score')
    kept = {} if score is None else dict(keypoint_score=score[persons])
    return {**clip, 'keypoint': clip['keypoint'][persons], **kept}


def hash_of(clips: Sequence[dict]) -> str:
    """Return the SHA-256 of names, labels and keypoints (as float32) of annotated clips, independent of their order."""
    digests = []
    for clip in clips:
        keypoint = np.ascontiguousarray(clip['keypoint'], dtype=np.float32)
        digest = hashlib.sha256(f'{clip_name(clip)} {label_of(clip)} {keypoint.shape}'.encode())
        digest.update(keypoint.data.cast('B'))
        digests.append(digest.digest())
    return hashlib.sha256(b''.join(sorted(digests))).hexdigest()


def hash_of_scores(clips: Sequence[dict]) -> Optional[str]:
    """Return the SHA-256 of names and scores (as float32) of clips, independent of their order; None without scores."""
    digests = []
    for clip in (clip for clip in clips if clip.get('keypoint_score') is not None):
        score = np.ascontiguousarray(clip['keypoint_score'], dtype=np.float32)
        digest = hashlib.sha256(f'{clip_name(clip)} {score.shape}'.encode())
        digest.update(score.data.cast('B'))
        digests.append(digest.digest())
    return hashlib.sha256(b''.join(sorted(digests))).hexdigest() if digests else None
