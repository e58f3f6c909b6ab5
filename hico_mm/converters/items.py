"""Find the files of each clip, and what their folders and a manifest say about them."""

from collections import Counter
from pathlib import Path
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import UserError
from .convert import everything_in, regular_files
from .registry import Reader


class Facts(NamedTuple):
    """What is known about a clip. All are text, or None if not known."""

    label: Optional[str] = None
    subject: Optional[str] = None
    camera: Optional[str] = None
    split: Optional[str] = None


class Item(NamedTuple):
    """A clip to read.

    Args:
        path: The file, or the folder of its frames; for messages.
        files: The files to read.
        name: The name of the clip: its path within the source, with '/' and without its ending.
        facts: What is known about it.
    """

    path: Path
    files: Tuple[Path, ...]
    name: str
    facts: Facts = Facts()

    def __str__(self) -> str:
        return str(self.path)


class Found(NamedTuple):
    """The clips in a source, sentences about files that cannot be used, and notes for the report."""

    items: List[Item]
    faults: List[str]
    notes: List[str]


def find_items(source: Path, reader: Reader, without: Collection[Path] = ()) -> Found:
    """Find the clips of a format in a file or folder. The first folder below the source is the class of a clip.

    Files with other endings, hidden files, and the files in ``without`` (a manifest, the output) are not read.

    Raises:
        UserError: if the source does not exist.
    """
    if not source.exists():
        raise UserError(f'{source} does not exist: give a file, or the folder with the files')
    if source.is_file():
        return Found([Item(source, (source, ), source.stem)], [], [])
    left_out = {path.resolve() for path in without}
    files, faults = [], []
    for suffix in reader.suffixes:
        found, unread = regular_files(source, f'*{_any_case(suffix)}')
        files += [path for path in found if not _hidden(path, source) and path.resolve() not in left_out]
        faults += unread
    groups = reader.group(source, sorted(files)) if reader.group else {path: [path] for path in sorted(files)}
    items: Dict[str, Item] = {}
    for path, members in groups.items():
        item = _item(source, path, members)
        if not _is_text(item.name):
            faults.append(f'{ascii(str(path))} has a name that is not text: rename it')
        elif item.name in items:
            faults.append(f'{path} has the same name as {items[item.name].path} but for the ending: rename it')
        else:
            items[item.name] = item
    return Found(list(items.values()), faults, list(_others(source, reader, items.values())))


def _item(source: Path, path: Path, files: Sequence[Path]) -> Item:
    """Make the item of a clip. Its class is the name of the first folder below the source."""
    relative = path.relative_to(source)
    name = relative.with_suffix('') if len(files) == 1 and files[0] == path else relative
    return Item(path, tuple(files), name.as_posix(), Facts(relative.parts[0] if len(relative.parts) > 1 else None))


def _others(source: Path, reader: Reader, items: Collection[Item]) -> Iterator[str]:
    """Yield notes about files of other kinds, and about folders of classes without a clip."""
    endings = Counter(path.suffix.lower() or 'none' for path in everything_in(source)
                      if path.suffix.lower() not in reader.suffixes and not _hidden(path, source) and path.is_file())
    if endings:
        yield (f'not read: {sum(endings.values())} files with other endings than {" or ".join(reader.suffixes)} '
               f'({", ".join(sorted(endings)[:5])})')
    classes = {item.facts.label for item in items}
    empty = [path.name for path in sorted(source.iterdir())
             if path.is_dir() and path.name not in classes and not _hidden(path, source)]
    if empty and classes - {None}:
        yield f'class folders without a clip: {", ".join(empty[:5])}'


def _hidden(path: Path, source: Path) -> bool:
    return any(part.startswith('.') for part in path.relative_to(source).parts)


def _is_text(name: str) -> bool:
    """Return whether the bytes of a file name were text."""
    return not any('\ud800' <= letter <= '\udfff' for letter in name)


def _any_case(suffix: str) -> str:
    """Return a pattern that matches an ending in capitals and small letters."""
    return ''.join(f'[{letter}{letter.upper()}]' if letter.isalpha() else letter for letter in suffix)
