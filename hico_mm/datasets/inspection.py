"""Summarize an annotation and find what is wrong with it."""

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
SHOWN = 5  # maximum number of clips named per finding
SIDE = re.compile('train(ing)?|val(idation)?|test(ing)?', re.IGNORECASE)


class Finding(NamedTuple):
    """A problem found in an annotation.

    Args:
        is_error: Whether it must be fixed; otherwise it is a warning.
        text: The problem and what to do: a sentence, or the rest of a sentence that begins with a clip name.
        names: The affected clips, if it concerns individual clips.
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
    """Yield the lines of a summary of an annotation."""
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
    yield 'classes   ' + ', '.join(f'{label}{_class_name(label, annotation.classes)}: {count}'
                                   for label, count in sorted(classes.items(), key=_by_number))
    yield 'splits    ' + (', '.join(f'{name}: {len(names)}' for name, names in annotation.splits.items()) or 'none')


def inspect(annotation: Annotation, layout: Optional[SkeletonLayout] = None, splits: Collection[str] = (),
            num_classes: Optional[int] = None, num_persons: Optional[int] = None) -> List[Finding]:
    """Return what is wrong with an annotation, errors first, with each fault listed once.

    Args:
        annotation: The annotation.
        layout: The skeleton that clips must have; None skips the check. Defaults to None.
        splits: The splits that must exist. Defaults to none.
        num_classes: The number of classes; labels must be below it. None skips the check. Defaults to None.
        num_persons: The number of persons that a model takes; None skips the check. Defaults to None.
    """
    valid = [clip for clip in annotation.clips if not clip_fault(clip, layout)]
    found = [*_clip_errors(annotation, layout), *_split_errors(annotation, splits)]
    beyond = [named(clip) for clip in valid if num_classes is not None and label_of(clip) >= num_classes]
    if beyond:
        found.append(Finding(True, f'has a label of {num_classes} or more, but the config has {num_classes} classes: '
                             'set the correct number of classes', beyond))
    found += [*_split_warnings(annotation), *(
        Finding(False, text) for text in warnings(valid, annotation, layout, num_persons))]
    return [finding for finding in found if finding.names != []]


def _clip_errors(annotation: Annotation, layout: Optional[SkeletonLayout]) -> Iterator[Finding]:
    """Yield the faults of clips. Faults that only differ in their numbers are merged."""
    clips = annotation.clips
    faults: Dict[str, Tuple[str, List[str]]] = {}  # text without numbers: (text, clips)
    for clip in track(clips, 'checking', transient=True, disable=len(clips) < 5000):
        fault = clip_fault(clip, layout) or _length_fault(clip)
        if fault:
            faults.setdefault(re.sub(r'[\d.e+]+', '0', fault), (fault, []))[1].append(named(clip))
    yield from (Finding(True, fault, names) for fault, names in faults.values())
    counts = Counter(named(clip) for clip in clips if is_name(clip_name(clip)))
    yield Finding(True, 'occurs more than once: give each clip a unique name', [n for n, c in counts.items() if c > 1])
    skeletons = {shape[2:] for shape in _shapes(clips)}
    if len(skeletons) > 1:
        yield Finding(True, f'the clips have different joints or axes {sorted(skeletons)}: keep one kind per file')


def _split_errors(annotation: Annotation, wanted: Collection[str]) -> Iterator[Finding]:
    """Yield the faults of splits."""
    split, there = annotation.splits, {clip_name(clip) for clip in annotation.clips if is_name(clip_name(clip))}
    for name in sorted(set(wanted) - set(split)):
        yield Finding(True, f'there is no split "{name}", which the config uses: the file has {sorted(split)}')
    for name, names in split.items():
        yield Finding(True, f'is in split {name}, but has no annotation: prepare it again', sorted(set(names) - there))
        repeated = [n for n, count in Counter(names).items() if count > 1]
        yield Finding(True, f'is in split {name} more than once: list it once', repeated)
        if not set(names) & there:
            yield Finding(True, f'split {name} has no clips: prepare it again')
    for train, test in _protocols(annotation):
        both = sorted(set(split[train]) & set(split[test]))
        yield Finding(True, f'is in both {train} and {test}: remove it from one', both)
        classes = [{_label(clip) for clip in annotation.of_split(name)} for name in (train, test)]
        lacking = sorted(classes[1] - classes[0] - {NO_LABEL})
        if lacking:
            yield Finding(True, f'{test} has classes that {train} does not have: {", ".join(lacking)}')


def _split_warnings(annotation: Annotation) -> Iterator[Finding]:
    """Warn of test clips that are copies of training clips with another name."""
    for train, test in _protocols(annotation):
        marks = {_mark(clip): named(clip) for clip in annotation.of_split(train)}
        same = {named(clip): marks.get(_mark(clip)) for clip in annotation.of_split(test)}
        copies = [f'{name} (as {other})' for name, other in same.items() if other not in (None, name)]
        yield Finding(False, f'of {test} has the same keypoints as another clip, of {train}, so scores on {test} are '
                      'too high: remove it from one', copies)


def _protocols(annotation: Annotation) -> Iterator[Tuple[str, str]]:
    """Yield the pairs (training split, test split) of an annotation."""
    for pair in combinations(annotation.splits, 2):
        if _excludes(*pair):
            train, test = sorted(pair, key=lambda name: 'train' not in name.lower())
            yield train, test


def warnings(valid: List[dict], annotation: Annotation, layout: Optional[SkeletonLayout] = None,
             num_persons: Optional[int] = None) -> Iterator[str]:
    """Yield warnings about valid clips whose content is allowed but probably not intended."""
    yield from suspicions(valid, layout, annotation.classes)
    if not annotation.splits:
        yield 'there are no splits, so a dataset can only take all clips: add {"split": {"train": [...], "val": [...]}}'
    labels = {label_of(clip) for clip in valid} - {UNLABELLED}
    if labels and min(labels) == 1:
        yield f'labels go from 1 to {max(labels)}, but must start at 0: subtract 1'
    shapes = [clip['keypoint'].shape for clip in valid]
    still = sum(shape[1] == 1 for shape in shapes)
    if still:
        yield f'{still} of the {len(valid)} clips have a single frame, so they contain no motion'
    turned = [shape for shape in shapes if shape[0] > max(shape[1], 4)]
    if turned:
        yield (f'{len(turned)} of the {len(valid)} clips have more persons than frames, such as {turned[0]}: if these '
               'axes are swapped, use keypoint.transpose(1, 0, 2, 3)')
    crowded = sum(shape[0] > (num_persons or shape[0]) for shape in shapes)
    if crowded:
        yield (f'{crowded} of the {len(valid)} clips have more persons than the {num_persons} that the config takes: '
               'only those that move most are kept')
    if len({shape[2] for shape in shapes}) == 1:
        seen = np.any([clip['keypoint'].any((0, 1, 3)) for clip in valid], 0)
        if not seen.all():
            lost = ', '.join(map(str, np.flatnonzero(~seen)))
            yield f'joint(s) {lost} are zero in every clip, so they count as absent: check the order of the joints'


def _shapes(clips: List[dict]) -> List[Tuple[int, ...]]:
    """Return the shapes of all keypoints of the form (M, T, V, C)."""
    return [clip['keypoint'].shape for clip in clips if np.ndim(_array(clip)) == 4]


def _array(clip: dict) -> np.ndarray:
    """Return the keypoints if they are an array, else an empty array."""
    keypoint = clip.get('keypoint')
    return keypoint if isinstance(keypoint, np.ndarray) else np.zeros(0)


def _length_fault(clip: dict) -> Optional[str]:
    """Check ``total_frames`` of a valid clip."""
    frames = clip['keypoint'].shape[1]
    said = clip.get('total_frames', frames)
    if isinstance(said, (int, np.integer)) and said == frames:
        return None
    return 'has a total_frames that differs from its keypoints: prepare it again'


def _label(clip: dict) -> str:
    """Format a label for printing."""
    label = clip.get('label')
    return NO_LABEL if label is None else str(int(label)) if is_label(label) else shown(label)


def _class_name(label: str, classes: Optional[List[str]]) -> str:
    """Return the name of a class in brackets, or nothing if it has none."""
    named_class = classes is not None and label.isdecimal() and int(label) < len(classes)
    return f' ({classes[int(label)]})' if classes is not None and named_class else ''


def _by_number(item: Tuple[str, int]) -> Tuple[int, str]:
    """Return a key to sort labels by number, with labels that are not numbers last."""
    return (int(item[0]), '') if item[0].isdecimal() else (1 << 62, item[0])


def _excludes(a: str, b: str) -> bool:
    """Return whether two splits are the two sides of one protocol, such as xsub_train and xsub_val."""
    sides = [SIDE.search(name) for name in (a, b)]
    rest = {SIDE.sub('', name).lower() for name in (a, b)}
    return all(sides) and len(rest) == 1 and sum('train' in side[0].lower() for side in sides if side) == 1


def _mark(clip: dict) -> bytes:
    return hashlib.sha1(np.ascontiguousarray(_array(clip)).tobytes()).digest()
