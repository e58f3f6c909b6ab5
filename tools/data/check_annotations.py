"""Say what an annotation pickle holds, and what is wrong with it.

    python tools/data/check_annotations.py data/mine/mine.pkl [--layout ntu]

Exit status 1 if something is wrong.
"""

import argparse
import hashlib
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np
from rich.progress import track

from hico_mm.datasets import load_plain_pickle
from hico_mm.datasets.checks import clip_fault, clip_name
from hico_mm.structures import LAYOUTS, SkeletonLayout

SHOWN = 10  # clips named for each thing that is wrong


def load(path: Path) -> Tuple[List[dict], Dict[str, List[str]]]:
    """The clips and the splits of a file; a bare list has no splits.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no skeleton annotation.
    """
    content = load_plain_pickle(path)
    if isinstance(content, list):
        content = dict(annotations=content)
    clips, split = (content.get('annotations'), content.get('split', {})) if isinstance(content, dict) else (None, None)
    if not isinstance(clips, list) or not isinstance(split, dict) or not all(isinstance(c, dict) for c in clips):
        raise ValueError(f'{path} is no skeleton annotation: it must hold {{"split": {{name: [frame_dir]}}, '
                         '"annotations": [{"frame_dir", "label", "keypoint"}]}')
    return clips, split


def summary(clips: List[dict], split: Dict[str, List[str]]) -> Iterator[str]:
    """What the clips are, a line each."""
    shapes = _shapes(clips)
    classes = Counter(clip.get('label') for clip in clips)
    yield f'clips     {len(clips)} of {len(classes)} classes'
    if shapes:
        frames = [shape[1] for shape in shapes]
        yield f'frames    {min(frames)} to {max(frames)}, median {int(np.median(frames))}'
        for name, axis in (('persons', 0), ('joints', 2), ('axes', 3)):
            counts = Counter(shape[axis] for shape in shapes)
            yield f'{name:9} ' + ', '.join(f'{value} in {count} clips' for value, count in sorted(counts.items()))
        yield f'numbers   {", ".join(sorted({str(np.asarray(c["keypoint"]).dtype) for c in clips if "keypoint" in c}))}'
    yield 'classes   ' + ', '.join(f'{label}: {count}' for label, count in sorted(classes.items(), key=str))
    yield 'splits    ' + (', '.join(f'{name}: {len(names)}' for name, names in split.items()) or 'none')


def clip_problems(clips: List[dict], layout: Optional[SkeletonLayout]) -> Dict[str, List[str]]:
    """What is wrong with clips: the clips of each fault."""
    problems: Dict[str, List[str]] = defaultdict(list)
    for clip in track(clips, 'checking', transient=True, disable=len(clips) < 5000):
        fault = clip_fault(clip, layout)
        if fault:
            problems[fault].append(str(clip_name(clip)))
        elif clip.get('total_frames', np.shape(clip['keypoint'])[1]) != np.shape(clip['keypoint'])[1]:
            problems['has another total_frames than its key points: prepare it again'].append(str(clip_name(clip)))
    for name, count in Counter(map(clip_name, clips)).items():
        if count > 1:
            problems['is there more than once: name each clip differently'].append(str(name))
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
        problems[f'of {test} has the key points of another clip, of {train}: take one out'] = same
        labels = [{by_name[n].get('label') for n in split[part] if n in by_name} for part in (train, test)]
        lacking = sorted(labels[1 if 'train' in train else 0] - labels[0 if 'train' in train else 1], key=str)
        problems[f'is a class that only the test side of {train} and {test} has'] = [str(label) for label in lacking]
    return {fault: names for fault, names in problems.items() if names}


def _shapes(clips: List[dict]) -> List[Tuple[int, ...]]:
    """The shapes (M, T, V, C) of key points that have one."""
    return [shape for shape in (np.shape(clip.get('keypoint', ())) for clip in clips) if len(shape) == 4]


def _excludes(a: str, b: str) -> bool:
    """Whether two splits are the two sides of one protocol, as xsub_train and xsub_val, or train and test."""
    sides = [name.rpartition('_')[::2] for name in (a, b)]
    return sides[0][0] == sides[1][0] and sum(side[1] == 'train' for side in sides) == 1


def _mark(clip: dict) -> bytes:
    return hashlib.sha1(np.ascontiguousarray(clip.get('keypoint', 0)).tobytes()).digest()


def main() -> int:
    """Check; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('file', type=Path, help='annotation pickle')
    parser.add_argument('--layout', choices=sorted(LAYOUTS), help='the skeleton it must have')
    args = parser.parse_args()
    try:
        clips, split = load(args.file)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print('\n'.join([str(args.file), *summary(clips, split)]))
    problems = {**clip_problems(clips, LAYOUTS[args.layout] if args.layout else None), **split_problems(clips, split)}
    for fault, names in problems.items():
        more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
        print(f'problem: {", ".join(names[:SHOWN])}{more} {fault}')
    print(f'{len(problems)} problems' if problems else 'nothing is wrong')
    return int(bool(problems))


if __name__ == '__main__':
    sys.exit(main())
