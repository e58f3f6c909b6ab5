"""The loop shared by all converters: workers, progress, reports, interruption, writing."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

from ..datasets.checks import clip_fault, named
from ..datasets.suspicions import NO_LABEL, suspicions
from ..errors import UserError
from ..fileio import check_writable, dump_pickle
from ..processes import start_worker
from ..structures import SkeletonLayout, get_layout
from .progress import progress_of_files

# The result of reading one file: its clips, and a sentence for each fault, which names the file.
Reading = Tuple[List[dict], List[str]]
Splits = Dict[str, List[str]]


@dataclass
class Conversion:
    """The files to convert, and how to convert them.

    Args:
        files: The files to read: paths, or objects that print as paths.
        layout: The skeleton that the clips must have, or its name.
        read: Reads the annotated clips of a file, or raises a ``UserError`` whose message does not name the file. It
            runs in other processes, so it must be picklable.
        make_splits: Makes the splits from all clips: a dict from split name to clip names.
        nothing: Message if no clip was read.
        faults: Sentences about files that were skipped before reading.
        doubts: Sentences about files that are read, but are probably not what is intended.
        notes: Further lines of the report.
        describe: Describes the clips for the report; called with all clips.
        check: Compares the splits with the known counts of the whole dataset and returns warnings.
        suspect: Yields further warnings; called with all clips.
        classes: Names of the classes, or None if not known.
        chunk: Number of files that a worker is given at a time.
    """

    files: Sequence[Any]
    layout: Union[str, SkeletonLayout]
    read: Callable[[Any], Reading]
    make_splits: Callable[[List[dict]], Splits]
    nothing: str
    faults: List[str] = field(default_factory=list)
    doubts: List[str] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    describe: Callable[[List[dict]], str] = lambda clips: f'{len(clips)} clips'
    check: Callable[[Splits], List[str]] = lambda split: []
    suspect: Callable[[List[dict]], Iterable[str]] = lambda clips: ()
    classes: Optional[List[str]] = None
    chunk: int = 16


def convert(conversion: Conversion, out: Path, workers: int = 1, strict: bool = False) -> None:
    """Read all files, write MMAction2's skeleton annotation completely or not at all, and print a report.

    Args:
        conversion: What to convert.
        out: Annotation pickle to write.
        workers: Number of processes. Defaults to 1.
        strict: Whether a file that cannot be used, or a warning about the files, is an error, instead of being listed.

    Raises:
        UserError: if no clip was read, or with ``strict`` if anything was dropped or is doubtful.
    """
    check_writable(out)
    clips: List[dict] = []
    faults = list(conversion.faults)
    try:
        for kept, dropped in _read_all(conversion, workers):
            clips += kept
            faults += dropped
    except KeyboardInterrupt as interrupt:
        interrupt.args = ('interrupted: nothing was written', )
        raise
    for fault in faults:
        print(f'dropped: {fault}', file=sys.stderr)
    if strict and faults:
        raise UserError(f'{len(faults)} were dropped, but --strict allows none: nothing was written. Repair them, or '
                        'leave out --strict')
    if not clips:
        raise UserError(f'{conversion.nothing}; {len(faults)} were dropped')
    split = conversion.make_splits(clips)
    doubts = [*conversion.suspect(clips), *suspicions(clips, get_layout(conversion.layout), conversion.classes)]
    fatal = [doubt for doubt in [*conversion.doubts, *doubts] if not doubt.endswith(NO_LABEL)]  # if no clip has one
    if strict and fatal:
        raise UserError(f'{"; ".join(fatal)}. --strict allows no warning: nothing was written')
    classes = {} if conversion.classes is None else dict(classes=conversion.classes)
    dump_pickle(dict(split=split, annotations=clips, **classes), out)
    print(f'{out}: {conversion.describe(clips)}; {len(faults)} dropped')
    for line in (*conversion.notes, *(f'{name}: {len(names)}' for name, names in split.items())):
        print(f'  {line}')
    for warning in (*conversion.check(split), *conversion.doubts, *doubts):
        print(f'warning: {warning}', file=sys.stderr)


def _read_all(conversion: Conversion, workers: int) -> Iterator[Reading]:
    """Yield the reading of each file in order, with a progress bar."""
    read = partial(_read_valid, read=conversion.read, layout=conversion.layout)
    pool = ProcessPoolExecutor(workers, initializer=start_worker) if workers > 1 else None
    try:
        results = (pool.map(read, conversion.files, chunksize=conversion.chunk) if pool
                   else map(read, conversion.files))
        with progress_of_files() as progress:
            yield from progress.track(results, total=len(conversion.files), description='reading')
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)


def _read_valid(path: Any, read: Callable[[Any], Reading], layout: Union[str, SkeletonLayout]) -> Reading:
    """Return the valid clips in a file and a sentence for each fault. A bad file does not stop the conversion."""
    try:
        clips, faults = read(path)
    except (OSError, UserError) as error:
        return [], [describe(path, error)]
    valid = []
    for clip in clips:
        fault = clip_fault(clip, get_layout(layout))
        if fault:
            faults.append(f'{path}: clip {named(clip)} {fault}')
        else:
            valid.append(clip)
    return valid, faults


def describe(path: Any, error: Exception) -> str:
    """Return a sentence that names a file and says what is wrong with it."""
    reason = getattr(error, 'strerror', None)
    return f'{path} cannot be read ({reason})' if reason else f'{path} {error}'


def everything_in(folder: Path) -> Iterator[Path]:
    """Yield the files and folders in a folder, at any depth. Links to folders elsewhere are followed, each one once.

    A link to a folder that is inside anyway is not followed, since its files would be found under two names.
    """
    top, followed = os.path.realpath(folder), set()
    for place, folders, files in os.walk(folder, followlinks=True):
        yield from (Path(place, name) for name in (*folders, *files))
        for name in sorted(folders):
            path = os.path.join(place, name)
            if not os.path.islink(path):
                continue
            real = os.path.realpath(path)
            if os.path.commonpath([real, top]) in (real, top) or real in followed:
                folders.remove(name)
            followed.add(real)


def regular_files(raw: Path, pattern: str) -> Tuple[List[Path], List[str]]:
    """Return the sorted files in a folder whose names match, and a sentence for each match that is not a file.

    Opening a folder, a broken link or a named pipe would fail or hang. Links to folders elsewhere are followed.
    """
    files, faults = [], []
    for path in sorted(path for path in everything_in(raw) if fnmatchcase(path.name, pattern)):
        try:
            regular = path.is_file()
        except OSError as error:
            faults.append(describe(path, error))
            continue
        if regular:
            files.append(path)
        else:
            faults.append(f'{path} is not a file that can be read')
    return files, faults


def count_persons(clips: List[dict]) -> str:
    """Describe how many clips have one person and how many have two."""
    pairs = sum(len(clip['keypoint']) == 2 for clip in clips)
    return f'{len(clips) - pairs} with one person and {pairs} with two'
