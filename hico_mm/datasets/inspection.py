"""What an annotation holds, and what is wrong with it."""

import hashlib
import re
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np
from rich.progress import track

from ..errors import UserError
from ..structures import SkeletonLayout
from .checks import clip_fault, clip_name
from .safe_pickle import load_plain_pickle

SIDE = re.compile('train(ing)?|val(idation)?|test(ing)?', re.IGNORECASE)


def load_annotation(path: Path) -> Tuple[List[dict], Dict[str, List[str]]]:
    """The clips and the splits of a file; a bare list has no splits.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if it is not a skeleton annotation.
    """
    content = load_plain_pickle(path)
    if isinstance(content, list):
        content = dict(annotations=content)
    clips, split = (content.get('annotations'), content.get('split', {})) if isinstance(content, dict) else (None, None)
    if not isinstance(clips, list) or not isinstance(split, dict) or not all(isinstance(c, dict) for c in clips):
        raise UserError(f'{path} is not a skeleton annotation: it must hold {{"split": {{name: [frame_dir]}}, '
                         '"annotations": [{"frame_dir", "label", "keypoint"}]}')
    return clips, split


def summary(clips: List[dict], split: Dict[str, List[str]]) -> Iterator[str]:
    """What the clips are, a line each."""
    shapes = _shapes(clips)
    classes = Counter(str(clip.get('label')) for clip in clips)
    yield f'clips     {len(clips)} of {len(classes)} classes'
    if shapes:
        frames = [shape[1] for shape in shapes]
        yield f'frames    {min(frames)} to {max(frames)}, median {int(np.median(frames))}'
        for name, axis in (('persons', 0), ('joints', 2), ('axes', 3)):
            counts = Counter(shape[axis] for shape in shapes)
            yield f'{name:9} ' + ', '.join(f'{value} in {count} clips' for value, count in sorted(counts.items()))
        yield f'numbers   {", ".join(sorted({str(_array(clip).dtype) for clip in clips}))}'
    yield 'classes   ' + ', '.join(f'{label}: {count}' for label, count in sorted(classes.items(), key=_by_number))
    yield 'splits    ' + (', '.join(f'{name}: {len(names)}' for name, names in split.items()) or 'none')


def clip_problems(clips: List[dict], layout: Optional[SkeletonLayout]) -> Dict[str, List[str]]:
    """What is wrong with clips: the clips of each fault."""
    problems: Dict[str, List[str]] = defaultdict(list)
    for clip in track(clips, 'checking', transient=True, disable=len(clips) < 5000):
        fault = clip_fault(clip, layout)
        if fault:
            problems[fault].append(str(clip_name(clip)))
        elif clip.get('total_frames', len(_array(clip)[0])) != len(_array(clip)[0]):
            problems['has another total_frames than its keypoints: prepare it again'].append(str(clip_name(clip)))
    for name, count in Counter(map(clip_name, clips)).items():
        if count > 1:
            problems['occurs more than once: name each clip differently'].append(str(name))
    skeletons = {shape[2:] for shape in _shapes(clips)}
    if len(skeletons) > 1:
        problems[f'has clips of different joints or axes {sorted(skeletons)}: keep one kind a file'].append('the file')
    return problems


def split_problems(clips: List[dict], split: Dict[str, List[str]]) -> Dict[str, List[str]]:
    """What is wrong with splits: the clips of each fault."""
    problems: Dict[str, List[str]] = defaultdict(list)
    by_name = {clip_name(clip): clip for clip in clips}
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
        labels = [{str(by_name[n].get('label')) for n in split[part] if n in by_name} for part in (train, test)]
        lacking = sorted(labels[1 if first else 0] - labels[0 if first else 1], key=str)
        problems[f'is a class that only the test side of {train} and {test} has'] = [str(label) for label in lacking]
    return {fault: names for fault, names in problems.items() if names}


def _shapes(clips: List[dict]) -> List[Tuple[int, ...]]:
    """The shapes (M, T, V, C) of the keypoints that have one."""
    return [clip['keypoint'].shape for clip in clips if np.ndim(_array(clip)) == 4]


def _array(clip: dict) -> np.ndarray:
    """The keypoints, if they are an array."""
    keypoint = clip.get('keypoint')
    return keypoint if isinstance(keypoint, np.ndarray) else np.zeros(0)


def _by_number(item: Tuple[str, int]) -> Tuple[int, str]:
    """Labels in their order, those that are not numbers last."""
    return (int(item[0]), '') if item[0].isdigit() else (1 << 62, item[0])


def _excludes(a: str, b: str) -> bool:
    """Whether two splits are the two sides of one protocol, as xsub_train and xsub_val, or train and test."""
    sides = [SIDE.search(name) for name in (a, b)]
    rest = {SIDE.sub('', name).lower() for name in (a, b)}
    return all(sides) and len(rest) == 1 and sum('train' in side[0].lower() for side in sides if side) == 1


def _mark(clip: dict) -> bytes:
    return hashlib.sha1(np.ascontiguousarray(_array(clip)).tobytes()).digest()
