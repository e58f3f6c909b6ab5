"""What an annotation holds, and what is wrong with it."""

import hashlib
import re
from collections import Counter, defaultdict
from itertools import combinations
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np
from rich.progress import track

from ..structures import SkeletonLayout
from .annotation import Annotation
from .checks import clip_fault, clip_name, is_label, is_name, named, shown
from .suspicions import suspicions

NO_LABEL = 'no label'
SIDE = re.compile('train(ing)?|val(idation)?|test(ing)?', re.IGNORECASE)


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


def clip_problems(annotation: Annotation, layout: Optional[SkeletonLayout]) -> Dict[str, List[str]]:
    """What is wrong with clips: the clips of each fault."""
    problems: Dict[str, List[str]] = defaultdict(list)
    clips = annotation.clips
    for clip in track(clips, 'checking', transient=True, disable=len(clips) < 5000):
        fault = clip_fault(clip, layout) or _length_fault(clip)
        if fault:
            problems[fault].append(named(clip))
    for name, count in Counter(named(clip) for clip in clips if is_name(clip_name(clip))).items():
        if count > 1:
            problems['occurs more than once: name each clip differently'].append(name)
    skeletons = {shape[2:] for shape in _shapes(clips)}
    if len(skeletons) > 1:
        problems[f'has clips of different joints or axes {sorted(skeletons)}: keep one kind a file'].append('the file')
    return problems


def warnings(annotation: Annotation, layout: Optional[SkeletonLayout]) -> List[str]:
    """What is legal in the valid clips, but probably not meant."""
    return list(suspicions([c for c in annotation.clips if not clip_fault(c, layout)], layout, annotation.classes))


def split_problems(annotation: Annotation) -> Dict[str, List[str]]:
    """What is wrong with splits: the clips of each fault."""
    problems: Dict[str, List[str]] = defaultdict(list)
    split = annotation.splits
    by_name = {clip_name(clip): clip for clip in annotation.clips if is_name(clip_name(clip))}
    for name, names in split.items():
        problems[f'is in split {name}, but has no annotation: prepare it again'] = sorted(set(names) - set(by_name))
        problems[f'is in split {name} more than once'] = [n for n, count in Counter(names).items() if count > 1]
        if not set(names) & set(by_name):
            problems[f'has no clip in split {name}: prepare it again'] = ['the file']
    for train, test in combinations(split, 2):
        if not _excludes(train, test):
            continue
        problems[f'is in {train} and in {test}: take it out of one'] = sorted(set(split[train]) & set(split[test]))
        marks = {_mark(by_name[n]): n for n in split[train] if n in by_name}
        same = [f'{n} (as {marks[_mark(by_name[n])]})' for n in split[test]
                if n in by_name and marks.get(_mark(by_name[n]), n) != n]
        problems[f'of {test} has the keypoints of another clip, of {train}: take one out'] = same
        first = 'train' in train.lower()
        labels = [{_label(by_name[n]) for n in split[part] if n in by_name} for part in (train, test)]
        lacking = labels[1 if first else 0] - labels[0 if first else 1] - {NO_LABEL}
        problems[f'is a class that only the test side of {train} and {test} has'] = sorted(lacking)
    return {fault: names for fault, names in problems.items() if names}


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
