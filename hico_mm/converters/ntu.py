"""NTU RGB+D 60 and 120: select the `.skeleton` files and convert them to clips."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set, Tuple

from ..errors import UserError
from .class_names import NTU_120, names_in
from .convert import Conversion, Reading, Splits, count_persons, regular_files
from .ntu_benchmarks import BENCHMARKS, LISTS, NAME, Benchmark, make_splits, parse_name
from .ntu_skeleton import read_skeleton, to_persons


def plan_ntu(raw: Path, dataset: str, missing: Optional[Path] = None, bodies: str = 'slot') -> Conversion:
    """Plan the conversion of the `.skeleton` files in a folder.

    Args:
        raw: The folder; files may be at any depth. A file ``classes.txt`` in it names the actions of other recordings,
            one a line.
        dataset: 'ntu60' or 'ntu120'.
        missing: The authors' list of clips with missing skeletons, which are left out. Defaults to None.
        bodies: How persons are identified, see :func:`~hico_mm.converters.ntu_skeleton.to_persons`. Defaults to 'slot'.

    Raises:
        UserError: if the list contains no clip name.
    """
    benchmark = BENCHMARKS[dataset]
    paths, unread = regular_files(raw, '*.skeleton')
    files, faults, left_out = _choose(paths, benchmark.num_actions, _read_list(missing) if missing else set())
    return Conversion(
        files, 'ntu', partial(read_clip, bodies=bodies), partial(make_splits, benchmark=benchmark),
        nothing=f'no clip of {dataset} was read from {raw}: give the folder that the .skeleton files were unpacked to',
        faults=unread + faults,
        notes=[f'left out: {count} {reason}' for reason, count in left_out.items()],
        describe=lambda clips: f'{len(clips)} clips, {count_persons(clips)}',
        check=lambda split: _compare(benchmark, split, missing),
        classes=names_in(raw, NTU_120[:benchmark.num_actions]))


def read_clip(path: Path, bodies: str = 'slot') -> Reading:
    """Read the clip in a file.

    Raises:
        UserError: if it contains no clip.
    """
    name = parse_name(path.stem)
    assert name is not None
    keypoint = to_persons(read_skeleton(path), bodies)
    if not len(keypoint):
        raise UserError('has no body in any frame')
    return [dict(frame_dir=path.stem, label=name.action - 1, total_frames=keypoint.shape[1], keypoint=keypoint)], []


def _read_list(path: Path) -> Set[str]:
    """Read the clip names in a list of missing skeletons."""
    names = {match[0] for match in NAME.finditer(path.read_text(errors='replace'))}
    if not names:
        raise UserError(f'{path} contains no clip name SsssCcccPpppRrrrAaaa: download the list from {LISTS}')
    return names


def _choose(paths: Sequence[Path], num_actions: int, missing: Set[str]) -> Tuple[List[Path], List[str], Counter]:
    """Return the files to read, a sentence for each unusable one, and counts of those left out on purpose."""
    chosen: Dict[str, Path] = {}
    faults: List[str] = []
    left_out: Counter = Counter()
    for path in paths:
        name = parse_name(path.stem)
        if name is None or not name.action:
            faults.append(f'{path} is not named SsssCcccPpppRrrrAaaa.skeleton')
        elif name.action > num_actions:
            left_out[f'with actions beyond {num_actions}'] += 1
        elif path.stem in missing:
            left_out['in the list of missing skeletons'] += 1
        elif path.stem in chosen:
            faults.append(f'{path} occurs twice: {chosen[path.stem]} is kept')
        else:
            chosen[path.stem] = path
    return list(chosen.values()), faults, left_out


def _compare(benchmark: Benchmark, split: Splits, missing: Optional[Path]) -> List[str]:
    """Compare the splits with the counts of the whole dataset."""
    warnings = []
    if missing is None:
        warnings.append('clips whose skeletons are known to be missing or incomplete were not left out: download the '
                        f'list from {LISTS} and give it as --missing LIST')
    for protocol, counts in benchmark.counts.items():
        found = len(split[f'{protocol}_train']), len(split[f'{protocol}_val'])
        if found != counts:
            warnings.append(f'{protocol} has {found[0]} / {found[1]} clips, but the whole dataset has {counts[0]} / '
                            f'{counts[1]}')
    return warnings
