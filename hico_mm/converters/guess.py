"""Guess the format of files. Only a unique match counts."""

import re
from itertools import islice
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Set

from ..errors import UserError
from .formats import DATASETS
from .ntu_benchmarks import NAME as NTU_NAME
from .registry import Reader

LOOKED_AT = 200  # number of files
DATASET_FILES: Dict[str, Callable[[str], bool]] = {
    'ntu60': lambda name: bool(re.fullmatch(NTU_NAME.pattern + r'\.skeleton', name)),
    'ntu120': lambda name: bool(re.fullmatch(NTU_NAME.pattern + r'\.skeleton', name)),
    'nwucla': lambda name: bool(re.fullmatch(r'a\d\d_s\d\d_e\d\d_v\d\d\.json', name)),
    'pku1': lambda name: bool(re.fullmatch(r'\d{4}-[LMR]\.txt', name, re.I)),
    'pku2': lambda name: bool(re.fullmatch(r'A\d\dN\d\d-[LMR]\.txt', name, re.I)),
}
FALLBACK = 'array'  # any file of numbers; counts only if no other format fits


def guess_format(source: Path, readers: Mapping[str, Reader]) -> str:
    """Return the only format that fits the files in a source.

    Raises:
        UserError: if the source does not exist, or no format or more than one fits; the message lists them.
    """
    if not source.exists():
        raise UserError(f'{source} does not exist: give a file, or the folder with the files')
    found: Set[str] = set()
    for path in _some_files(source):
        found.update(candidates(path, readers))
    if len(found) == 1:
        return found.pop()
    if not found:
        raise UserError(f'no file in {source} has a known format: name it with --format, one of '
                        f'{", ".join([*DATASETS, *readers])}')
    raise UserError(f'the files in {source} could be of the formats {", ".join(sorted(found))}: choose one with '
                    '--format')


def candidates(path: Path, readers: Mapping[str, Reader]) -> List[str]:
    """Return the formats that a file may have."""
    names = [name for name, fits in DATASET_FILES.items() if fits(path.name)]
    if names:
        return names
    fits = [name for name, reader in readers.items()
            if path.suffix.lower() in reader.suffixes and reader.matches(path)]
    return [name for name in fits if name != FALLBACK] or fits


def _some_files(source: Path) -> Iterator[Path]:
    """Yield the first files in a folder, or the file itself."""
    if source.is_file():
        yield source
        return
    files = (path for path in source.rglob('*') if path.is_file() and not any(
        part.startswith('.') for part in path.relative_to(source).parts))
    yield from islice(files, LOOKED_AT)
