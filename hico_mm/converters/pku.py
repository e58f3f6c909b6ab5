"""PKU-MMD I and II: which text files are read, and into what."""

import re
from functools import partial
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from ..errors import UserError
from .convert import Conversion, Reading, Splits, count_persons, describe, regular_files
from .pku_skeleton import cut_all, fields, read_labels, read_recording, read_split

NUM_ACTIONS = 51
MOST_OF_A_LABEL = 8  # fields of a line; a label has four, a recording 150
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


def plan_pku(raw: Path, part: int) -> Conversion:
    """The conversion of the recordings of a part below a folder.

    Args:
        raw: The folder; files may lie at any depth.
        part: 1 or 2.

    Raises:
        UserError: saying what was looked for, if anything is missing or there twice.
    """
    source, unread = find(raw, part)
    recordings = list(source.skeletons.values())
    return Conversion(
        recordings, 'ntu', partial(read_recording_clips, labels=source.labels),
        partial(make_splits, splits=source.splits),
        nothing=f'no clip of part {part} was read below {raw}: give the folder the dataset was unpacked to',
        faults=[*unread, *(f'{name} is named by a split, but not there' for name in missing_recordings(source))],
        describe=lambda clips: (f'{len(clips)} clips of {len(recordings)} recordings, {count_persons(clips)}, '
                                f'{len({clip["label"] for clip in clips})} classes'),
        chunk=1)


def find(raw: Path, part: int) -> Tuple[Source, List[str]]:
    """The files below ``raw``, whatever their folders are called: told by the numbers in the first line.

    A sentence for each that is not a file comes with them.

    Raises:
        UserError: saying what was looked for, if anything is missing or there twice.
    """
    found: Dict[str, Dict[str, Path]] = dict(skeletons={}, labels={})
    texts, unread = regular_files(raw, '*.txt')
    paths = [path for path in texts if RECORDINGS[part].fullmatch(path.stem)]
    lines = {path: _first_line(path) for path in paths}
    for path in sorted(paths, key=lambda path: not lines[path]):  # the empty ones last: they are what is missing
        name = path.stem.upper()
        count = len(fields(lines[path])) if lines[path] else 0
        what = 'labels' if 1 < count <= MOST_OF_A_LABEL or not count and name in found['skeletons'] else 'skeletons'
        if name in found[what]:
            raise UserError(f'{path} and {found[what][name]} both look like the {what} of one recording: compare them, '
                            'and move the one that is not meant out of the folder')
        found[what][name] = path
    form = {1: 'NNNN-V.txt (0002-L.txt)', 2: 'AaaNnn-V.txt (A01N01-L.txt)'}[part]
    for what, files in (('recordings, lines of 150 numbers,', found['skeletons']),
                        ('labels, lines of four numbers,', found['labels'])):
        if not files:
            raise UserError(f'no {what} found below {raw}: looked for files {form} of part {part}')
    splits = {name: _split(raw, texts, name, part) for name in SPLITS}
    return Source(found['skeletons'], found['labels'], splits), unread


def _first_line(path: Path) -> str:
    """The first line that is not blank, '' of a file that cannot be read: that is said when it is converted."""
    try:
        with path.open(errors='replace') as file:
            return next((line for line in file if line.strip()), '')
    except OSError:
        return ''


def _split(raw: Path, texts: Sequence[Path], name: str, part: int) -> Dict[str, List[str]]:
    """The split of a protocol, told from the other part's by the recordings it names."""
    splits = {}
    for path in texts:
        if SPLITS[name].fullmatch(path.name):
            if re.search(rf'\b{RECORDINGS[part].pattern}\b', path.read_text(errors='replace'), re.I):
                try:
                    splits[path] = {side: [n.upper() for n in names] for side, names in read_split(path).items()}
                except UserError as error:
                    raise UserError(f'{path} {error}: copy it again') from None
    if len({str(split) for split in splits.values()}) != 1:
        what = f'{[str(path) for path in splits]} differ: keep one' if splits else 'there is none'
        raise UserError(f'{name} needs one split file of part {part} below {raw}, cross'
                         f'{"-subject" if name == "xsub" else "-view"}.txt for example: {what}')
    return next(iter(splits.values()))


def read_recording_clips(path: Path, labels: Dict[str, Path]) -> Reading:
    """The clips of a recording, and a sentence for each fault of its labels, naming their file.

    Raises:
        UserError: if the recording cannot be read.
    """
    name = path.stem.upper()
    if name not in labels:
        raise UserError('has no label file')
    recording = read_recording(path)
    try:
        clips, faults = cut_all(recording, read_labels(labels[name]), name, NUM_ACTIONS)
    except (OSError, UserError) as error:
        return [], [describe(labels[name], error)]
    return clips, [f'{labels[name]}: {fault}' for fault in faults]


def make_splits(clips: List[dict], splits: Dict[str, Dict[str, List[str]]]) -> Splits:
    """The names of the clips in each split."""
    result: Splits = {}
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
