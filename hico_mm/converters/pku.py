"""PKU-MMD I and II: select the text files and convert them to clips."""

import re
from functools import partial
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from ..errors import UserError
from .class_names import PKU
from .convert import Conversion, Reading, Splits, count_persons, describe, regular_files
from .pku_skeleton import cut_all, fields, read_labels, read_recording, read_split

MOST_OF_A_LABEL = 8  # maximum fields per line of a label file; a label has four, a recording 150
RECORDINGS = {1: re.compile(r'\d{4}-[LMR]', re.I), 2: re.compile(r'A\d\dN\d\d-[LMR]', re.I)}
SPLITS = {
    'xsub': re.compile(r'cross[-_ ]?subject.*\.txt', re.I),
    'xview': re.compile(r'cross[-_ ]?view.*\.txt', re.I),
}


class Source(NamedTuple):
    """The files of a part: skeletons and labels by recording name, and the split of each protocol."""

    skeletons: Dict[str, Path]
    labels: Dict[str, Path]
    splits: Dict[str, Dict[str, List[str]]]


def plan_pku(raw: Path, part: int) -> Conversion:
    """Plan the conversion of the recordings of a part in a folder.

    Args:
        raw: The folder; files may be at any depth.
        part: 1 or 2.

    Raises:
        UserError: if anything is missing or exists twice; the message says what was looked for.
    """
    source, unread = find(raw, part)
    recordings = list(source.skeletons.values())
    return Conversion(
        recordings, 'ntu', partial(read_recording_clips, labels=source.labels),
        partial(make_splits, splits=source.splits),
        nothing=f'no clip of part {part} was read from {raw}: give the folder the dataset was unpacked to',
        faults=[*unread, *(f'{name} is in a split, but does not exist' for name in missing_recordings(source))],
        describe=lambda clips: (f'{len(clips)} clips from {len(recordings)} recordings, {count_persons(clips)}, '
                                f'{len({clip["label"] for clip in clips})} classes'),
        classes=list(PKU), chunk=1)


def find(raw: Path, part: int) -> Tuple[Source, List[str]]:
    """Find the files in ``raw``, whatever the folder names; their kind is known from the numbers in the first line.

    Also return a sentence for each match that is not a file.

    Raises:
        UserError: if anything is missing or exists twice; the message says what was looked for.
    """
    found: Dict[str, Dict[str, Path]] = dict(skeletons={}, labels={})
    texts, unread = regular_files(raw, '*.txt')
    paths = [path for path in texts if RECORDINGS[part].fullmatch(path.stem)]
    lines = {path: _first_line(path) for path in paths}
    for path in sorted(paths, key=lambda path: not lines[path]):  # empty files last: they count as the missing kind
        name = path.stem.upper()
        count = len(fields(lines[path])) if lines[path] else 0
        what = 'labels' if 1 < count <= MOST_OF_A_LABEL or not count and name in found['skeletons'] else 'skeletons'
        if name in found[what]:
            raise UserError(f'{path} and {found[what][name]} both look like the {what} of the same recording: compare '
                            'them, and move the wrong one out of the folder')
        found[what][name] = path
    form = {1: 'NNNN-V.txt (0002-L.txt)', 2: 'AaaNnn-V.txt (A01N01-L.txt)'}[part]
    for what, files in (('recordings (lines of 150 numbers)', found['skeletons']),
                        ('labels (lines of four numbers)', found['labels'])):
        if not files:
            raise UserError(f'no {what} found in {raw}: looked for files {form} of part {part}')
    splits = {name: _split(raw, texts, name, part) for name in SPLITS}
    return Source(found['skeletons'], found['labels'], splits), unread


def _first_line(path: Path) -> str:
    """Return the first line that is not blank, or '' for unreadable files, which are reported when converted."""
    try:
        with path.open(errors='replace') as file:
            return next((line for line in file if line.strip()), '')
    except OSError:
        return ''


def _split(raw: Path, texts: Sequence[Path], name: str, part: int) -> Dict[str, List[str]]:
    """Read the split of a protocol. The recording names in it distinguish it from the split of the other part."""
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
        raise UserError(f'{name} needs one split file of part {part} in {raw}, cross'
                         f'{"-subject" if name == "xsub" else "-view"}.txt for example: {what}')
    return next(iter(splits.values()))


def read_recording_clips(path: Path, labels: Dict[str, Path]) -> Reading:
    """Return the clips of a recording, and a sentence for each fault in its labels, which names the label file.

    Raises:
        UserError: if the recording cannot be read.
    """
    name = path.stem.upper()
    if name not in labels:
        raise UserError('has no label file')
    recording = read_recording(path)
    try:
        clips, faults = cut_all(recording, read_labels(labels[name]), name, len(PKU))
    except (OSError, UserError) as error:
        return [], [describe(labels[name], error)]
    return clips, [f'{labels[name]}: {fault}' for fault in faults]


def make_splits(clips: List[dict], splits: Dict[str, Dict[str, List[str]]]) -> Splits:
    """Return the names of the clips in each split."""
    result: Splits = {}
    for protocol, sides in splits.items():
        for side, recordings in sides.items():
            chosen = set(recordings)
            result[f'{protocol}_{side}'] = [clip['frame_dir'] for clip in clips
                                            if clip['frame_dir'].rpartition('_')[0] in chosen]
    return result


def missing_recordings(source: Source) -> List[str]:
    """Return the recordings that are named in the splits but do not exist."""
    named = {name for sides in source.splits.values() for names in sides.values() for name in names}
    return sorted(named - set(source.skeletons))
