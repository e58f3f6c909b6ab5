"""Guess the format of files. Only a unique match counts."""

from itertools import islice
from pathlib import Path
from typing import Collection, Dict, Iterator, List, Mapping, Pattern, Set, Tuple

from ..errors import UserError
from .formats import DATASETS
from .ntu_benchmarks import NAME as NTU_NAME
from .nwucla import NAME as NWUCLA_NAME
from .pku import RECORDINGS as PKU_RECORDINGS
from .registry import Reader

LOOKED_AT = 200  # number of files
DATASET_FILES: Dict[str, Tuple[Pattern, str]] = {  # the names of their files and the ending
    'ntu60': (NTU_NAME, '.skeleton'), 'ntu120': (NTU_NAME, '.skeleton'), 'nwucla': (NWUCLA_NAME, '.json'),
    'pku1': (PKU_RECORDINGS[1], '.txt'), 'pku2': (PKU_RECORDINGS[2], '.txt')}
VIDEO = 'video'  # counts only if there are no poses beside the videos
FALLBACK = 'array'  # any file of numbers; counts only if no other format fits


def guess_format(source: Path, readers: Mapping[str, Reader], without: Collection[Path] = ()) -> str:
    """Return the only format that fits the files in a source. The files in ``without`` do not count.

    Raises:
        UserError: if the source does not exist, or no format or more than one fits; the message lists them.
    """
    if not source.exists():
        raise UserError(f'{source} does not exist: give a file, or the folder with the files')
    found: Set[str] = set()
    left_out = {path.resolve() for path in without}
    for path in _some_files(source):
        if path.resolve() not in left_out:
            found.update(candidates(path, readers))
    found = found - {VIDEO} or found
    if len(found) == 1:
        return found.pop()
    if not found:
        raise UserError(f'no file in {source} has a known format: name it with --format, one of '
                        f'{", ".join([*DATASETS, *readers])}')
    raise UserError(f'the files in {source} could be of the formats {", ".join(sorted(found))}: choose one with '
                    '--format')


def candidates(path: Path, readers: Mapping[str, Reader]) -> List[str]:
    """Return the formats that a file may have."""
    names = [name for name, (pattern, suffix) in DATASET_FILES.items()
             if path.suffix.lower() == suffix and pattern.fullmatch(path.stem)]
    return names or fitting(path, readers)


def fitting(path: Path, readers: Mapping[str, Reader]) -> List[str]:
    """Return the readers that may read a file, whatever its name is. Plain arrays count only if nothing else fits."""
    fits = [name for name, reader in readers.items()
            if path.suffix.lower() in reader.suffixes and reader.matches(path)]
    return [name for name in fits if name != FALLBACK] or fits


def _some_files(source: Path) -> Iterator[Path]:
    """Yield the first files in a folder, or the file itself."""
    if source.is_file():
        yield source
        return
    files = (path for path in sorted(source.rglob('*')) if path.is_file() and not any(
        part.startswith('.') for part in path.relative_to(source).parts))
    yield from islice(files, LOOKED_AT)
