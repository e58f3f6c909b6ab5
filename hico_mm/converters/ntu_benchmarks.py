"""The clip names of NTU RGB+D, and the training and test splits of its benchmarks."""

import re
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

LISTS = 'https://github.com/shahroudy/NTURGB-D'
NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})')
SUBJECTS_60 = {1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38}
SUBJECTS_120 = SUBJECTS_60 | {
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95,
    97, 98, 100, 103}


class ClipName(NamedTuple):
    """The numbers in a clip's name, starting at 1."""

    setup: int
    camera: int
    subject: int
    replication: int
    action: int


class Benchmark(NamedTuple):
    """A dataset: number of actions, a rule for the training clips of each protocol, and the (training, test) counts.

    The counts are those of the whole dataset without the clips in the list of missing skeletons.
    """

    num_actions: int
    trains: Dict[str, Callable[[ClipName], bool]]
    counts: Dict[str, Tuple[int, int]]


BENCHMARKS = {
    'ntu60': Benchmark(
        60, dict(xsub=lambda clip: clip.subject in SUBJECTS_60, xview=lambda clip: clip.camera in (2, 3)),
        dict(xsub=(40091, 16487), xview=(37646, 18932))),
    'ntu120': Benchmark(
        120, dict(xsub=lambda clip: clip.subject in SUBJECTS_120, xset=lambda clip: clip.setup % 2 == 0),
        dict(xsub=(63026, 50919), xset=(54468, 59477))),
}


def parse_name(name: str) -> Optional[ClipName]:
    """Parse the numbers in ``SsssCcccPpppRrrrAaaa``; return None if the name has a different form."""
    match = NAME.fullmatch(name)
    return ClipName(*map(int, match.groups())) if match else None


def make_splits(clips: List[dict], benchmark: Benchmark) -> Dict[str, List[str]]:
    """Return the names of the clips in each split."""
    split: Dict[str, List[str]] = {}
    for protocol, trains in benchmark.trains.items():
        split[f'{protocol}_train'], split[f'{protocol}_val'] = [], []
        for clip in clips:
            name = parse_name(clip['frame_dir'])
            assert name is not None
            split[f'{protocol}_{"train" if trains(name) else "val"}'].append(clip['frame_dir'])
    return split
