"""The loop that every converter shares: workers, progress, reporting, interruption, writing."""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from rich.progress import track

from ..datasets.checks import clip_fault, named
from ..datasets.suspicions import suspicions
from ..errors import UserError
from ..fileio import check_writable, dump_pickle
from ..processes import start_worker
from ..structures import get_layout

# What a converter makes of one file: the clips in it, and a sentence for each fault, which names the file.
Reading = Tuple[List[dict], List[str]]
Splits = Dict[str, List[str]]


@dataclass
class Conversion:
    """What to convert, and how.

    Args:
        files: The files to read.
        layout: Name of the skeleton that the clips must have.
        read: Makes annotated clips of a file, or raises a ``UserError`` whose sentence does not name the file; run in
            other processes, so it must be picklable.
        make_splits: Makes the splits, names of clips by name of the split, of all clips.
        nothing: What to say if no clip was read.
        faults: Sentences for what is left out before anything is read.
        notes: Further lines of the report.
        describe: What the clips are, for the report; given all clips.
        check: Compares the splits with what is known of the whole dataset; gives warnings.
        classes: Names of the classes, None if they are not known.
        chunk: Files that a worker is given at a time.
    """

    files: Sequence[Path]
    layout: str
    read: Callable[[Path], Reading]
    make_splits: Callable[[List[dict]], Splits]
    nothing: str
    faults: List[str] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    describe: Callable[[List[dict]], str] = lambda clips: f'{len(clips)} clips'
    check: Callable[[Splits], List[str]] = lambda split: []
    classes: Optional[List[str]] = None
    chunk: int = 16


def convert(conversion: Conversion, out: Path, workers: int = 1, strict: bool = False) -> None:
    """Read all files, write MMAction2's skeleton annotation whole or not at all, and print a report.

    Args:
        conversion: What to convert.
        out: Annotation pickle to write.
        workers: Processes. Defaults to 1.
        strict: Whether a file that cannot be used ends it, instead of being left out and named.

    Raises:
        UserError: if no clip was read, or with ``strict`` if anything was dropped.
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
        raise UserError(f'{len(faults)} were dropped, and --strict allows none: nothing was written. Repair them, or '
                        'leave out --strict')
    if not clips:
        raise UserError(f'{conversion.nothing}; {len(faults)} were dropped')
    split = conversion.make_splits(clips)
    classes = {} if conversion.classes is None else dict(classes=conversion.classes)
    dump_pickle(dict(split=split, annotations=clips, **classes), out)
    print(f'{out}: {conversion.describe(clips)}; {len(faults)} dropped')
    for line in (*conversion.notes, *(f'{name}: {len(names)}' for name, names in split.items())):
        print(f'  {line}')
    for warning in (*conversion.check(split), *suspicions(clips, get_layout(conversion.layout), conversion.classes)):
        print(f'warning: {warning}', file=sys.stderr)


def _read_all(conversion: Conversion, workers: int) -> Iterator[Reading]:
    """What is read of each file, in order; shows progress."""
    read = partial(_read_valid, read=conversion.read, layout=conversion.layout)
    pool = ProcessPoolExecutor(workers, initializer=start_worker) if workers > 1 else None
    try:
        results = (pool.map(read, conversion.files, chunksize=conversion.chunk) if pool
                   else map(read, conversion.files))
        yield from track(results, 'reading', total=len(conversion.files))
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)


def _read_valid(path: Path, read: Callable[[Path], Reading], layout: str) -> Reading:
    """The valid clips in a file, and a sentence for each fault: no bad file ends a conversion."""
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


def describe(path: Path, error: Exception) -> str:
    """A sentence that names a file and what is wrong with it."""
    reason = getattr(error, 'strerror', None)
    return f'{path} cannot be read ({reason})' if reason else f'{path} {error}'


def regular_files(raw: Path, pattern: str) -> Tuple[List[Path], List[str]]:
    """The files below a folder whose names match, sorted, and a sentence for what has such a name and is not a file.

    A folder, a dead link or a named pipe would end or stop whoever opens it.
    """
    files, faults = [], []
    for path in sorted(raw.rglob(pattern)):
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
    """How many clips have one person and how many two."""
    pairs = sum(len(clip['keypoint']) == 2 for clip in clips)
    return f'{len(clips) - pairs} of one person and {pairs} of two'
