"""PKU-MMD, part I or II, text files -> MMAction2's skeleton annotation.

    python tools/data/prepare_pku.py --raw PKUMMD --part 1 --out data/pku/pku1.pkl

Recordings are cut by their labels into clips ``RECORDING_nnn``, nnn the line of the label. Splits: ``xsub_train``,
``xsub_val``, ``xview_train``, ``xview_val``. Key points are float32, metres, camera coordinates, one or two persons.
Labels are the class numbers less one, of 51 in both parts, though part II has 41 of them: a model moves between them.
"""

import argparse
import re
import sys
from functools import partial
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

from reading import read_files

from hico_mm.datasets.pku_skeleton import cut_all, read_labels, read_recording, read_split
from hico_mm.utils import dump_pickle

NUM_ACTIONS = 51
RECORDINGS = {1: re.compile(r'\d{4}-[LMR]', re.I), 2: re.compile(r'A\d\dN\d\d-[LMR]', re.I)}
SPLITS = {
    'xsub': re.compile(r'cross[-_ ]?subject.*\.txt', re.I),
    'xview': re.compile(r'cross[-_ ]?view.*\.txt', re.I),
}


class Source(NamedTuple):
    """The files of a part: recordings and labels by recording, and the split of each protocol."""

    skeletons: Dict[str, Path]
    labels: Dict[str, Path]
    splits: Dict[str, Dict[str, List[str]]]


def find(raw: Path, part: int) -> Source:
    """The files below ``raw``, whatever their folders are called: a label's first line has commas, a recording's none.

    Raises:
        ValueError: saying what was looked for, if anything is missing or there twice.
    """
    found: Dict[str, Dict[str, Path]] = dict(skeletons={}, labels={})
    paths = [path for path in sorted(raw.rglob('*.txt')) if RECORDINGS[part].fullmatch(path.stem)]
    lines = {path: _first_line(path) for path in paths}
    for path in sorted(paths, key=lambda path: not lines[path]):  # the empty ones last: they are what is missing
        name = path.stem.upper()
        kind = found['labels' if ',' in lines[path] or not lines[path] and name in found['skeletons'] else 'skeletons']
        if name in kind:
            raise ValueError(f'{path} and {kind[name]} are of one recording: keep one of them')
        kind[name] = path
    form = {1: 'NNNN-V.txt (0002-L.txt)', 2: 'AaaNnn-V.txt (A01N01-L.txt)'}[part]
    for what, files in (('recordings, lines of 150 numbers,', found['skeletons']),
                        ('labels, lines with commas,', found['labels'])):
        if not files:
            raise ValueError(f'no {what} found below {raw}: looked for files {form} of part {part}')
    return Source(found['skeletons'], found['labels'], {name: _split(raw, name, part) for name in SPLITS})


def _first_line(path: Path) -> str:
    """The first line that is not blank."""
    with path.open(errors='replace') as file:
        return next((line for line in file if line.strip()), '')


def _split(raw: Path, name: str, part: int) -> Dict[str, List[str]]:
    """The split of a protocol, told from the other part's by the recordings it names."""
    splits = {}
    for path in sorted(raw.rglob('*.txt')):
        if SPLITS[name].fullmatch(path.name):
            if re.search(rf'\b{RECORDINGS[part].pattern}\b', path.read_text(errors='replace'), re.I):
                try:
                    splits[path] = {side: [n.upper() for n in names] for side, names in read_split(path).items()}
                except ValueError as error:
                    raise ValueError(f'{path} {error}') from None
    if len({str(split) for split in splits.values()}) != 1:
        what = f'{[str(path) for path in splits]} differ: keep one' if splits else 'there is none'
        raise ValueError(f'{name} needs one split file of part {part} below {raw}, cross'
                         f'{"-subject" if name == "xsub" else "-view"}.txt say: {what}')
    return next(iter(splits.values()))


def read_one(path: Path, labels: Dict[str, Path]) -> Tuple[List[dict], List[str]]:
    """The clips of a recording, and a sentence for each fault, naming the file."""
    name, of = path.stem.upper(), path
    if name not in labels:
        return [], [f'{path} has no label file']
    try:
        recording = read_recording(path)
        of = labels[name]
        clips, faults = cut_all(recording, read_labels(of), name, NUM_ACTIONS)
    except (OSError, ValueError) as error:
        return [], [f'{of} {error}']
    return clips, [f'{of}: {fault}' for fault in faults]


def make_splits(clips: List[dict], splits: Dict[str, Dict[str, List[str]]]) -> Dict[str, List[str]]:
    """The names of the clips in each split."""
    result = {}
    for protocol, sides in splits.items():
        for side, recordings in sides.items():
            chosen = set(recordings)
            result[f'{protocol}_{side}'] = [clip['frame_dir'] for clip in clips
                                            if clip['frame_dir'].rpartition('_')[0] in chosen]
    return result


def missing_recordings(source: Source) -> List[str]:
    """Recordings that the splits name and that are not there."""
    named = {name for sides in source.splits.values() for names in sides.values() for name in names}
    return sorted(named - set(source.skeletons))


def main() -> int:
    """Convert; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--raw', type=Path, required=True, help='folder of the data set, unpacked, at any depth')
    parser.add_argument('--part', type=int, choices=RECORDINGS, required=True)
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    parser.add_argument('--workers', type=int, default=1, metavar='N', help='processes; default: 1')
    args = parser.parse_args()
    if not args.raw.is_dir():
        parser.error(f'--raw {args.raw} is no folder: give the one the data set was unpacked to')
    try:
        source = find(args.raw, args.part)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    clips, faults = [], [f'{name} is named by a split, but not there' for name in missing_recordings(source)]
    for _, (kept, dropped) in read_files(partial(read_one, labels=source.labels), list(source.skeletons.values()),
                                         args.workers, chunk=1):
        clips += kept
        faults += dropped
    for fault in faults:
        print(f'dropped: {fault}', file=sys.stderr)
    if not clips:
        print(f'no clip of part {args.part} was read below {args.raw}', file=sys.stderr)
        return 1
    split = make_splits(clips, source.splits)
    dump_pickle(dict(split=split, annotations=clips), args.out)
    pairs = sum(len(clip['keypoint']) == 2 for clip in clips)
    print(f'{args.out}: {len(clips)} clips of {len(source.skeletons)} recordings, {len(clips) - pairs} of one person '
          f'and {pairs} of two, {len({clip["label"] for clip in clips})} classes; {len(faults)} dropped')
    for name, names in split.items():
        print(f'  {name}: {len(names)}')
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit('interrupted: nothing was written')
