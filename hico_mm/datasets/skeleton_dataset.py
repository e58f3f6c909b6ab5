"""MMAction2's skeleton annotations, read with care."""

import logging
from typing import Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from mmaction.datasets import PoseDataset
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.dataset import Compose
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from rich.progress import track

from ..structures import SkeletonLayout, get_layout
from ..utils.build import build_part
from .checks import clip_fault, clip_name
from .clip_store import ClipStore, load_once_a_host
from .safe_pickle import load_plain_pickle
from .subsets import draw_subset


@DATASETS.register_module()
class SkeletonDataset(PoseDataset):
    """A ``PoseDataset`` that admits plain data only, checks each clip, and normalises once.

    Args:
        ann_file: Annotation pickle of MMAction2: ``split`` and ``annotations``; 3-D or 2-D key points (M, T, V, C).
        pipeline: Transforms of a sample, run each time it is read.
        split: Name of the split; None takes all annotations. Defaults to None.
        layout: Skeleton layout the clips must have; None does not check. Defaults to None.
        once: Deterministic transforms, ``NormalizeSkeleton`` say, run on each clip when the file is loaded;
            one that needs a layout and names none has this one. Defaults to none.
        subset: Arguments of :func:`draw_subset` (``fraction``, ``seed``, ``per_class``), to keep a labelled share of
            the split; None keeps all of it. Defaults to None.
        **kwargs: Further arguments of MMAction2's ``PoseDataset``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is broken, lacks the split, or has a clip that is empty, not finite, wrongly shaped or
            of another layout; the message names file, clip and remedy.
    """

    def __init__(self,
                 ann_file: str,
                 pipeline: List[Union[dict, Callable]],
                 split: Optional[str] = None,
                 layout: Union[str, dict, SkeletonLayout, None] = None,
                 once: Sequence[dict] = (),
                 subset: Optional[dict] = None,
                 **kwargs) -> None:
        self.layout = get_layout(layout) if layout is not None else None
        self.once = Compose([build_part(TRANSFORMS, transform, layout=self.layout) for transform in once])
        self.subset = subset
        super().__init__(ann_file, pipeline, split=split, **kwargs)

    def load_data_list(self) -> List[Dict]:
        """Load, check and normalise the clips of the split, once on each host; their key points are kept apart."""
        self.store, clips = load_once_a_host(self._load)
        return [{**clip, 'clip': i} for i, clip in enumerate(clips)]

    def get_data_info(self, idx: int) -> Dict:
        """The annotation of a clip, with key points (M, T, V, C)."""
        info = super().get_data_info(idx)
        info['keypoint'] = self.store[info.pop('clip')]
        return info

    def _load(self) -> Tuple[ClipStore, List[dict]]:
        content = load_plain_pickle(self.ann_file)
        try:
            clips = list(self._of_split(content))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f'{self.ann_file} is no skeleton annotation ({error!r} while reading it): it must hold '
                             '{"split": {name: [frame_dir]}, "annotations": [{"frame_dir", "label", "keypoint"}]}'
                             ) from error
        if not clips:
            raise ValueError(f'{self.ann_file} has no clips in split "{self.split}": prepare it again')
        for clip in clips:
            fault = clip_fault(clip, self.layout)
            if fault:
                raise ValueError(f'{self.ann_file}: clip {clip_name(clip)} {fault}')
        if self.subset is not None:
            drawn = draw_subset([clip['label'] for clip in clips], list(map(clip_name, clips)), **self.subset)
            clips = [clips[i] for i in drawn]
        del content  # what is not of the split can go
        quiet = len(clips) < 5000 or not is_main_process()
        keypoints = []
        for i in track(range(len(clips)), 'normalising', disable=quiet, transient=True):
            clips[i] = self._prepare(clips[i])
            keypoints.append(clips[i].pop('keypoint'))
        return ClipStore.from_clips(keypoints), clips

    def _of_split(self, content: dict) -> List[dict]:
        """The annotations of the split; a bare list has none."""
        if self.split is None:
            return content['annotations'] if isinstance(content, dict) else content
        if self.split not in content['split']:
            raise ValueError(f'{self.ann_file} has no split "{self.split}": it has {sorted(content["split"])}')
        names = set(content['split'][self.split])
        clips = [clip for clip in content['annotations'] if clip_name(clip) in names]
        missing = names.difference(map(clip_name, clips))
        if missing:
            print_log(f'{self.ann_file}: {len(missing)} of the {len(names)} clips of split "{self.split}" have no '
                      f'annotation, {min(missing)} among them', 'current', logging.WARNING)
        return clips

    def _prepare(self, clip: dict) -> dict:
        keypoint = np.asarray(clip['keypoint'], dtype=np.float32)
        return self.once({**clip, 'keypoint': keypoint, 'total_frames': keypoint.shape[1]})
