"""What an annotation holds, and what is wrong with it."""

import hashlib
import re
from collections import Counter
from itertools import combinations
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np
from rich.progress import track

from ..structures import SkeletonLayout
from .annotation import Annotation
from .checks import UNLABELLED, clip_fault, clip_name, is_label, is_name, label_of, named, shown
from .suspicions import suspicions

NO_LABEL = 'no label'
SHOWN = 5  # clips that are named for a fault
SIDE = re.compile('train(ing)?|val(idation)?|test(ing)?', re.IGNORECASE)


class Finding(NamedTuple):
    """Something about an annotation.

    Args:
        is_error: Whether it must be mended; otherwise it is a warning.
        text: What it is and what to do: a sentence, or the rest of one that begins with the name of a clip.
        names: The clips that it is about, if it is about single ones.
    """

    is_error: bool
    text: str
    names: Optional[List[str]] = None

    def __str__(self) -> str:
        kind, names = 'error' if self.is_error else 'warning', self.names or []
        if not names:
            return f'{kind}: {self.text}'
        more = f'{", ".join(names[1:SHOWN])}{", ..." if len(names) > SHOWN else ""}'
        return f'{kind}: {names[0]} {self.text}' + (f' (and {len(names) - 1} more: {more})' if len(names) > 1 else '')


def summary(annotation: Annotation) -> Iterator[str]:
    """What an annotation holds, a line each."""
    clips, shapes = annotation.clips, _shapes(annotation.clips)
    classes = Counter(map(_label, clips))
    yield f'clips     {len(clips)} of {len(set(classes) - {NO_LABEL})} classes'
    if shapes:
        frames = [shape[1] for shape in shapes]
        yield f'frames    {min(frames)} to {max(frames)}, median {int(np.median(frames))}'
        for name, axis in (('persons', 0), ('joints', 2), ('axes', 3)):
            counts = Counter(shape[axis] for shape in shapes)
            yield f'{name:9} ' + ', '.join(f'{value} in {count} clips' for value, count in sorted(counts.items()))
        yield f'numbers   {", ".join(sorted({str(_array(clip).dtype) for clip in clips}))}'
    yield 'classes   ' + ', '.join(f'{label}: {count}' for label, count in sorted(classes.items(), key=_by_number))
    yield 'splits    ' + (', '.join(f'{name}: {len(names)}' for name, names in annotation.splits.items()) or 'none')


def inspect(annotation: Annotation, layout: Optional[SkeletonLayout] = None, splits: Collection[str] = (),
            num_classes: Optional[int] = None, num_persons: Optional[int] = None) -> List[Finding]:
    """What is wrong with an annotation, errors first, each fault once.

    Args:
        annotation: The annotation.
        layout: The skeleton that clips must have; None does not look. Defaults to None.
        splits: The splits that must be there. Defaults to none.
        num_classes: The number of classes that labels must be below; None does not look. Defaults to None.
        num_persons: The number of persons that a model takes; None does not look. Defaults to None.
    """
    valid = [clip for clip in annotation.clips if not clip_fault(clip, layout)]
    found = [*_clip_errors(annotation, layout), *_split_errors(annotation, splits)]
    beyond = [named(clip) for clip in valid if num_classes is not None and label_of(clip) >= num_classes]
    if beyond:
        found.append(Finding(True, f'has a label of {num_classes} or more, but the config has {num_classes} classes: '
                             'set the number of classes that fits', beyond))
    found += [*_split_warnings(annotation), *(
        Finding(False, text) for text in warnings(valid, annotation, layout, num_persons))]
    return [finding for finding in found if finding.names != []]


def _clip_errors(annotation: Annotation, layout: Optional[SkeletonLayout]) -> Iterator[Finding]:
    """What is wrong with clips. Faults that differ in their numbers alone are one."""
    clips = annotation.clips
    faults: Dict[str, Tuple[str, List[str]]] = {}  # by its text without numbers: the text, the clips
    for clip in track(clips, 'checking', transient=True, disable=len(clips) < 5000):
        fault = clip_fault(clip, layout) or _length_fault(clip)
        if fault:
            faults.setdefault(re.sub(r'[\d.e+]+', '0', fault), (fault, []))[1].append(named(clip))
    yield from (Finding(True, fault, names) for fault, names in faults.values())
    counts = Counter(named(clip) for clip in clips if is_name(clip_name(clip)))
    yield Finding(True, 'occurs more than once: name each clip differently', [n for n, c in counts.items() if c > 1])
    skeletons = {shape[2:] for shape in _shapes(clips)}
    if len(skeletons) > 1:
        yield Finding(True, f'the clips have different joints or axes {sorted(skeletons)}: keep one kind a file')


def _split_errors(annotation: Annotation, wanted: Collection[str]) -> Iterator[Finding]:
    """What is wrong with splits."""
    split, there = annotation.splits, {clip_name(clip) for clip in annotation.clips if is_name(clip_name(clip))}
    for name in sorted(set(wanted) - set(split)):
        yield Finding(True, f'there is no split "{name}", which the config uses: the file has {sorted(split)}')
    for name, names in split.items():
        yield Finding(True, f'is in split {name}, but has no annotation: prepare it again', sorted(set(names) - there))
        repeated = [n for n, count in Counter(names).items() if count > 1]
        yield Finding(True, f'is in split {name} more than once: name it once', repeated)
        if not set(names) & there:
            yield Finding(True, f'no clip is in split {name}: prepare it again')
    for train, test in _protocols(annotation):
        both = sorted(set(split[train]) & set(split[test]))
        yield Finding(True, f'is in {train} and in {test}: take it out of one', both)
        classes = [{_label(clip) for clip in annotation.of_split(name)} for name in (train, test)]
        lacking = sorted(classes[1] - classes[0] - {NO_LABEL})
        if lacking:
            yield Finding(True, f'{test} has classes that {train} has not: {", ".join(lacking)}')


def _split_warnings(annotation: Annotation) -> Iterator[Finding]:
    """Clips that test what was trained on, under another name."""
    for train, test in _protocols(annotation):
        marks = {_mark(clip): named(clip) for clip in annotation.of_split(train)}
        same = {named(clip): marks.get(_mark(clip)) for clip in annotation.of_split(test)}
        copies = [f'{name} (as {other})' for name, other in same.items() if other not in (None, name)]
        yield Finding(False, f'of {test} has the keypoints of another clip, of {train}, so a score on {test} is too '
                      'good: take it out of one', copies)


def _protocols(annotation: Annotation) -> Iterator[Tuple[str, str]]:
    """The pairs (training split, test split) of an annotation."""
    for pair in combinations(annotation.splits, 2):
        if _excludes(*pair):
            train, test = sorted(pair, key=lambda name: 'train' not in name.lower())
            yield train, test


def warnings(valid: List[dict], annotation: Annotation, layout: Optional[SkeletonLayout] = None,
             num_persons: Optional[int] = None) -> Iterator[str]:
    """What is legal in the valid clips of an annotation, but probably not meant."""
    yield from suspicions(valid, layout, annotation.classes)
    if not annotation.splits:
        yield 'there are no splits, so a dataset can only take all clips: add {"split": {"train": [...], "val": [...]}}'
    labels = {label_of(clip) for clip in valid} - {UNLABELLED}
    if labels and min(labels) == 1:
        yield f'labels begin with 1 and end with {max(labels)}: they count from 0, so subtract 1'
    shapes = [clip['keypoint'].shape for clip in valid]
    still = sum(shape[1] == 1 for shape in shapes)
    if still:
        yield f'{still} of the {len(valid)} clips have a single frame, so nothing moves in them'
    turned = [shape for shape in shapes if shape[0] > max(shape[1], 4)]
    if turned:
        yield (f'{len(turned)} of the {len(valid)} clips have more persons than frames, such as {turned[0]}: if these '
               'axes are exchanged, use keypoint.transpose(1, 0, 2, 3)')
    crowded = sum(shape[0] > (num_persons or shape[0]) for shape in shapes)
    if crowded:
        yield (f'{crowded} of the {len(valid)} clips have more persons than the {num_persons} that the config takes: '
               'those that move most are kept')
    if len({shape[2] for shape in shapes}) == 1:
        seen = np.any([clip['keypoint'].any((0, 1, 3)) for clip in valid], 0)
        if not seen.all():
            lost = ', '.join(map(str, np.flatnonzero(~seen)))
            yield f'joint(s) {lost} are zero in every clip, which means absent: check the order of the joints'


def _shapes(clips: List[dict]) -> List[Tuple[int, ...]]:
    """The shapes (M, T, V, C) of the keypoints that have one."""
    return [clip['keypoint'].shape for clip in clips if np.ndim(_array(clip)) == 4]


def _array(clip: dict) -> np.ndarray:
    """The keypoints, if they are an array."""
    keypoint = clip.get('keypoint')
    return keypoint if isinstance(keypoint, np.ndarray) else np.zeros(0)


def _length_fault(clip: dict) -> Optional[str]:
    """What is wrong with the number of frames that a valid clip says it has."""
    frames = clip['keypoint'].shape[1]
    said = clip.get('total_frames', frames)
    if isinstance(said, (int, np.integer)) and said == frames:
        return None
    return 'has another total_frames than its keypoints: prepare it again'


def _label(clip: dict) -> str:
    """A label as it is printed."""
    label = clip.get('label')
    return NO_LABEL if label is None else str(int(label)) if is_label(label) else shown(label)


def _by_number(item: Tuple[str, int]) -> Tuple[int, str]:
    """Labels in their order, those that are not numbers last."""
    return (int(item[0]), '') if item[0].isdecimal() else (1 << 62, item[0])


def _excludes(a: str, b: str) -> bool:
    """Whether two splits are the two sides of one protocol, as xsub_train and xsub_val, or train and test."""
    sides = [SIDE.search(name) for name in (a, b)]
    rest = {SIDE.sub('', name).lower() for name in (a, b)}
    return all(sides) and len(rest) == 1 and sum('train' in side[0].lower() for side in sides if side) == 1


def _mark(clip: dict) -> bytes:
    return hashlib.sha1(np.ascontiguousarray(_array(clip)).tobytes()).digest()
