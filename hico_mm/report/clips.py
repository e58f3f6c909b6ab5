"""The clips of a report: names, labels, splits and skeletons."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from torch.utils.data import DataLoader

from ..datasets.annotation import read_annotation
from ..datasets.checks import clip_name
from ..engine.loaders import leaf_datasets
from ..errors import UserError
from ..structures import SkeletonLayout, get_layout
from ..visualization.upright import up_axis
from .names import facts_of
from .skeletons import pack, skeleton_of


class Clips(NamedTuple):
    """All clips of the two splits of a run, first those of the gallery.

    Args:
        names: n names.
        labels: (n,) labels, -1 for unknown.
        gallery: Number of clips in the gallery, which is the training split.
        splits: Names of the training and the test split.
        files: Annotation files of the two splits.
        classes: Names of the classes.
        layout: The skeleton.
    """

    names: List[str]
    labels: np.ndarray
    gallery: int
    splits: List[str]
    files: List[str]
    classes: List[str]
    layout: SkeletonLayout

    @property
    def key(self) -> Any:
        """What two runs must share to be compared clip by clip."""
        return tuple(self.names), tuple(self.labels.tolist()), self.gallery, self.layout.parents

    def annotations(self) -> List[dict]:
        """Read the annotations of the clips again, as recorded.

        Raises:
            UserError: if a file has changed and lacks a clip.
        """
        found: Dict[str, Dict[str, dict]] = {}
        for file in dict.fromkeys(self.files):
            found[file] = {str(clip_name(clip)): clip for clip in read_annotation(file).clips}
        parts = [self.names[:self.gallery], self.names[self.gallery:]]
        clips = []
        for file, names in zip(self.files, parts):
            lost = next((name for name in names if name not in found[file]), None)
            if lost is not None:
                raise UserError(f'{file} has no clip {lost}, so it has changed since it was read: run the command '
                                'again')
            clips += [found[file][name] for name in names]
        return clips


def clips_of(loaders: Dict[str, DataLoader], layout: Any, classes: Optional[Sequence[str]] = None,
             num_classes: int = 0, names: Sequence[str] = ()) -> Clips:
    """Describe the clips that the loaders of a run read, in their order.

    Args:
        loaders: Loaders of the splits 'train' and 'test'.
        layout: The skeleton.
        classes: Names of the classes, if the annotation has none.
        num_classes: Number of classes of the model.
        names: Names of the classes that go before all others. Defaults to none.

    Raises:
        UserError: if a split is made of several datasets, or there are fewer names than classes in the data.
    """
    parts = [list(leaf_datasets(loaders[role].dataset)) for role in ('train', 'test')]
    for part in parts:
        if len(part) != 1 or not hasattr(part[0], 'names'):
            raise UserError('the report needs one SkeletonDataset per split: give a run on a single annotation')
    train, test = parts[0][0], parts[1][0]
    labels = np.concatenate([train.labels, test.labels]).astype(int)
    used = int(labels.max(initial=-1)) + 1
    if names and len(names) < used:
        raise UserError(f'{train.ann_file} has labels up to {used - 1}, but --classes has only {len(names)} names: '
                        'give one name per line for every class')
    named = list(names or train.class_names or classes or ())
    total = max(num_classes, used)
    named += [f'class {number}' for number in range(len(named), total)]
    return Clips([*train.names, *test.names], labels, len(train.names), [str(train.split), str(test.split)],
                 [train.ann_file, test.ann_file], named, get_layout(layout))


def shown_clips(neighbours: Sequence[np.ndarray], gallery: int, most: int, seed: int = 0) -> np.ndarray:
    """Choose clips to show: all if there is room, else random test clips, each with its neighbours in every run.

    Args:
        neighbours: For each run, (n, k) the nearest gallery clips of every clip.
        gallery: Number of gallery clips; the test clips follow them.
        most: Most clips to choose.
        seed: Random seed. Defaults to 0.

    Returns:
        Sorted numbers of clips.
    """
    total = len(neighbours[0])
    if total <= most:
        return np.arange(total)
    rng = np.random.default_rng(seed)
    chosen: Dict[int, None] = {}
    for clip in gallery + rng.permutation(total - gallery):
        wanted = dict.fromkeys([int(clip), *(int(place) for table in neighbours for place in table[clip])])
        if len(chosen.keys() | wanted.keys()) > most:
            break
        chosen.update(wanted)
    rest = [clip for clip in rng.permutation(gallery).tolist() if clip not in chosen][:most - len(chosen)]
    return np.array(sorted([*chosen, *rest]))


def play_order(neighbours: Sequence[np.ndarray], gallery: int, shown: np.ndarray, seed: int = 0) -> List[int]:
    """Order the shown clips for playing: random test clips, each followed by its neighbours, then the rest.

    Args:
        neighbours: For each run, (n, k) the nearest gallery clips of every clip.
        gallery: Number of gallery clips.
        shown: Sorted numbers of the shown clips.
        seed: Random seed. Defaults to 0.

    Returns:
        Places in ``shown``.
    """
    place = {int(clip): i for i, clip in enumerate(shown)}
    rng = np.random.default_rng(seed)
    order: Dict[int, None] = {}
    for clip in rng.permutation(shown[shown >= gallery]).tolist():
        together = [clip, *(int(other) for table in neighbours for other in table[clip])]
        order.update(dict.fromkeys(place[other] for other in together if other in place))
    order.update(dict.fromkeys(rng.permutation(len(shown)).tolist()))
    return list(order)


def pack_clips(clips: Clips, shown: np.ndarray, order: Sequence[int], budget: int) -> Dict[str, Any]:
    """Pack the clips that are shown, as plain data of the page. ``skeletons`` is the text of all their skeletons.

    Args:
        clips: All clips.
        shown: Numbers of the clips to show.
        order: Places in ``shown``, those that must be played first.
        budget: Most characters of skeletons. Clips that do not fit cannot be played.
    """
    annotations = clips.annotations()
    annotations = [annotations[place] for place in shown]
    names = [clips.names[place] for place in shown]
    keypoints = [np.asarray(clip['keypoint'], np.float32) for clip in annotations]
    up, left = up_axis(keypoints, clips.layout), budget
    packed: Dict[int, Any] = {}
    for place in order:
        one = pack(keypoints[place], up)
        if len(one.text) > left:
            break
        left -= len(one.text)
        packed[place] = one
    everything = range(len(names))
    return dict(
        classes=clips.classes, splits=clips.splits, files=clips.files, gallery=clips.gallery,
        total=len(clips.names), skeleton=skeleton_of(clips.layout, keypoints[0].shape[-1] if keypoints else 3),
        layout=clips.layout.name, name=names, label=clips.labels[shown].tolist(),
        test=[int(place >= clips.gallery) for place in shown],
        subject=facts_of(annotations, names, 'subject'), camera=facts_of(annotations, names, 'camera'),
        frames=[keypoint.shape[1] for keypoint in keypoints],
        play=[[packed[i].persons, packed[i].frames, packed[i].reach] if i in packed else None
              for i in everything],
        skeletons=''.join(packed[i].text for i in everything if i in packed))
