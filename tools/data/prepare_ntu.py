"""NTU RGB+D 60 or 120, `.skeleton` text files -> MMAction2's skeleton annotation.

    python tools/data/prepare_ntu.py --raw nturgb+d_skeletons --dataset ntu60 --missing LIST --out data/ntu60/ntu60.pkl

Splits: ``xsub_train`` and ``xsub_val``; ``xview_*`` of NTU-60, ``xset_*`` of NTU-120. Key points are float32, metres,
camera coordinates; the one or two persons that move most, the greater first.
"""

import argparse
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple, Union

from ntu_benchmarks import BENCHMARKS, NAME, Benchmark, make_splits, parse_name
from reading import read_files

from hico_mm.datasets.ntu_skeleton import read_skeleton, to_persons
from hico_mm.utils import dump_pickle

LISTS = 'https://github.com/shahroudy/NTURGB-D'


def read_list(path: Path) -> Set[str]:
    """The clips that a list of missing skeletons names.

    Raises:
        ValueError: if it names none; the message says what to do.
    """
    names = {match[0] for match in NAME.finditer(path.read_text(errors='replace'))}
    if not names:
        raise ValueError(f'{path} names no clip SsssCcccPpppRrrrAaaa: get the list from {LISTS}')
    return names


def read_clip(path: Path, bodies: str) -> Union[dict, str]:
    """A clip of the annotation, or what is wrong with the file."""
    name = parse_name(path.stem)
    assert name is not None
    try:
        keypoint = to_persons(read_skeleton(path), bodies)
    except (OSError, ValueError) as error:
        return str(error)
    if not len(keypoint):
        return 'has no body in any frame'
    return dict(frame_dir=path.stem, label=name.action - 1, total_frames=keypoint.shape[1], keypoint=keypoint)


def choose(paths: List[Path], num_actions: int, missing: Set[str]) -> Tuple[List[Path], Dict[Path, str], Counter]:
    """The files to read; those that cannot be, and why; and how many are left out on purpose."""
    chosen: Dict[str, Path] = {}
    faults: Dict[Path, str] = {}
    left_out: Counter = Counter()
    for path in paths:
        name = parse_name(path.stem)
        if name is None or not name.action:
            faults[path] = 'is not named SsssCcccPpppRrrrAaaa.skeleton'
        elif name.action > num_actions:
            left_out[f'of actions beyond {num_actions}'] += 1
        elif path.stem in missing:
            left_out['named by the list of missing skeletons'] += 1
        elif path.stem in chosen:
            faults[path] = f'is there twice: {chosen[path.stem]} is kept'
        else:
            chosen[path.stem] = path
    return list(chosen.values()), faults, left_out


def read_all(paths: List[Path], bodies: str, workers: int) -> Tuple[List[dict], Dict[Path, str]]:
    """The clips in the order of the files, and what is wrong with those that give none."""
    clips, faults = [], {}
    for path, result in read_files(partial(read_clip, bodies=bodies), paths, workers):
        if isinstance(result, str):
            faults[path] = result
        else:
            clips.append(result)
    return clips, faults


def report(out: Path, clips: List[dict], split: Dict[str, List[str]], dropped: int, left_out: Counter) -> None:
    """Say what was kept and what was not."""
    persons = Counter(len(clip['keypoint']) for clip in clips)
    print(f'{out}: {len(clips)} clips, {persons[1]} of one person and {persons[2]} of two; {dropped} dropped')
    for reason, count in left_out.items():
        print(f'  left out: {count} {reason}')
    for name, names in split.items():
        print(f'  {name}: {len(names)}')


def compare(benchmark: Benchmark, split: Dict[str, List[str]], missing: Optional[Path]) -> None:
    """Compare with the counts of the whole data set."""
    if missing is None:
        print(f'warning: clips whose skeletons are known to be missing or incomplete were not left out: get the list '
              f'from {LISTS} and give it as --missing LIST', file=sys.stderr)
    for protocol, counts in benchmark.counts.items():
        found = len(split[f'{protocol}_train']), len(split[f'{protocol}_val'])
        if found != counts:
            print(f'note: {protocol} has {found[0]} / {found[1]} clips; the whole data set has {counts[0]} / '
                  f'{counts[1]}', file=sys.stderr)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--raw', type=Path, required=True, help='folder with the .skeleton files, at any depth')
    parser.add_argument('--dataset', choices=BENCHMARKS, required=True)
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    parser.add_argument('--missing', type=Path, metavar='LIST', help='list of clips to leave out, as published')
    parser.add_argument('--bodies', choices=['slot', 'id'], default='slot',
                        help="what a person is: a place in the file, as in the released code, or a body's ID; "
                        'default: slot')
    parser.add_argument('--workers', type=int, default=1, metavar='N', help='processes; default: 1')
    args = parser.parse_args()
    if not args.raw.is_dir():
        parser.error(f'--raw {args.raw} is no folder: give the one the .skeleton files were unpacked to')
    if args.missing and not args.missing.is_file():
        parser.error(f'--missing {args.missing} does not exist: get the list from {LISTS}')
    return args


def main() -> int:
    """Convert; returns the exit status."""
    args = parse_args()
    benchmark = BENCHMARKS[args.dataset]
    try:
        missing = read_list(args.missing) if args.missing else set()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    paths, faults, left_out = choose(sorted(args.raw.rglob('*.skeleton')), benchmark.num_actions, missing)
    clips, broken = read_all(paths, args.bodies, args.workers)
    faults.update(broken)
    for path, fault in faults.items():
        print(f'dropped: {path} {fault}', file=sys.stderr)
    if not clips:
        print(f'no clip of {args.dataset} was read below {args.raw}, {len(faults)} files were dropped: give the folder '
              'that the .skeleton files were unpacked to', file=sys.stderr)
        return 1
    split = make_splits(clips, benchmark)
    dump_pickle(dict(split=split, annotations=clips), args.out)
    report(args.out, clips, split, len(faults), left_out)
    compare(benchmark, split, args.missing)
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit('interrupted: nothing was written')
