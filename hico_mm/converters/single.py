"""Read single recordings with the reader that fits each of them."""

from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from ..errors import UserError
from ..structures import SkeletonLayout
from .convert import describe
from .guess import FALLBACK, fitting
from .items import Item, find_items
from .recordings import safely, to_clip
from .registry import Reader, ReadOptions, load_readers

ALL = 10**6  # persons: an array keeps those it has
Clip = Tuple[dict, Union[str, SkeletonLayout, None]]


class Found(NamedTuple):
    """A recording to read: its files, and the reader that fits them."""

    item: Item
    reader: Reader

    @property
    def is_array(self) -> bool:
        """Return whether it is a plain array, whose axes the user may state."""
        return self.reader.name == FALLBACK


def find_recordings(source: Union[str, Path], format: Optional[str] = None) -> List[Found]:
    """Find the recordings in a file, in the folder of one, or in a folder of many, at any depth.

    The registered readers decide which files are recordings, and which files together are one. In a folder, files that
    no reader fits are not read.

    Args:
        source: The file or folder.
        format: Name of the reader. Defaults to None, the only one that fits.

    Raises:
        UserError: if there is none, or a reader cannot be chosen.
    """
    source, readers = Path(source), load_readers()
    if not source.exists():
        raise UserError(f'{source} does not exist: give a recording, the folder of one, or FILE.pkl:NAME for a clip of '
                        'an annotation')
    if format is not None and format not in readers:
        raise UserError(f'there is no format "{format}": use one of {", ".join(readers)}')
    if source.is_file():
        return [Found(Item(source, (source, ), source.stem), readers[format or _only(source, readers)])]
    chosen = [readers[name] for name in ([format] if format else _formats_in(source, readers))]
    found: List[Found] = []
    for reader in chosen:
        items, faults, _ = find_items(source, reader)
        if faults:
            raise UserError(faults[0])
        found += [Found(item, reader) for item in items if format or fitting(item.files[0], readers) == [reader.name]]
    if not found:
        raise UserError(f'{source} has no recording in a known format: hico-mm convert --help lists them')
    return sorted(found, key=lambda one: one.item.name)


def read_found(found: Found, options: ReadOptions) -> Clip:
    """Read a recording.

    Args:
        found: The recording.
        options: What the user says about it. Axes have no meaning for anything but an array.

    Returns:
        The annotation of the clip, and its skeleton, None if that is not known.

    Raises:
        UserError: if the recording cannot be used; the message names it.
    """
    if found.is_array:
        options = options._replace(usual_axes=True, persons=ALL)
    elif options.axes is not None:
        raise UserError(f'{found.item} is not an array, so axes "{options.axes}" has no meaning: leave it out')
    try:
        recording = safely(found.reader.read, found.item, options)
        return to_clip(recording, found.item, options, recording.label), recording.layout
    except (OSError, UserError) as error:
        remedy = '' if ': ' in str(error) else ': check the file, or give another one'
        raise UserError(f'{describe(found.item, error)}{remedy}') from error


def _only(path: Path, readers: Dict[str, Reader]) -> str:
    """Return the only reader that fits a file."""
    names = fitting(path, readers)
    if not names:
        raise UserError(f'{path} has no known format: give a file in one of those that hico-mm convert --help lists, '
                        'or FILE.pkl:NAME for a clip of an annotation')
    if len(names) > 1:
        raise UserError(f'{path} could be of the formats {", ".join(names)}: choose one with --format')
    return names[0]


def _formats_in(folder: Path, readers: Dict[str, Reader]) -> Sequence[str]:
    """Return the readers that fit the files in a folder."""
    return list(dict.fromkeys(_only(path, readers) for path in _files(folder) if fitting(path, readers)))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder that are not hidden, at any depth."""
    for path in sorted(folder.rglob('*')):
        if not any(part.startswith('.') for part in path.relative_to(folder).parts) and path.is_file():
            yield path
