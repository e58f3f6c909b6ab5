"""A manifest: a CSV file that gives label, subject, camera and split of each file."""

import csv
import unicodedata
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from ..errors import UserError
from ..fileio import atomic_write
from .items import Facts, Item
from .text import read_text

COLUMNS = ('file', 'label', 'subject', 'camera', 'split')


class Row(NamedTuple):
    """A row of a manifest: its line, the file as written, and the facts."""

    line: int
    file: str
    facts: Facts


def write_manifest(path: Path, source: Path, items: Sequence[Item]) -> None:
    """Write a manifest to be filled in. Labels are filled in from the names of the folders.

    Raises:
        UserError: if the file already exists.
    """
    if path.exists():
        raise UserError(f'{path} exists already: give another name to --init, or delete it')
    with atomic_write(path) as temporary, temporary.open('w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for item in items:
            writer.writerow([_file(source, item), *(fact or '' for fact in item.facts)])


def read_manifest(path: Path) -> List[Row]:
    """Read a manifest. Empty cells are not known. The separator may be a comma, a semicolon or a tab.

    Raises:
        UserError: if it is not such a table, or names a file twice; the message names the line.
    """
    try:
        text = read_text(path)
    except UserError:
        raise UserError(f'{path} is not text in UTF-8: save it again as CSV in UTF-8') from None
    delimiter = max(',;\t', key=text.partition('\n')[0].count)
    lines = csv.reader(text.splitlines(), delimiter=delimiter)
    header = [name.strip().lower() for name in next(lines, [])]
    unknown = [name for name in header if name not in COLUMNS]
    if 'file' not in header or unknown or len(set(header)) != len(header):
        problem = f'has the unknown column "{unknown[0]}"' if unknown else 'has no column "file", or a column twice'
        raise UserError(f'{path} {problem}: its first line must name columns of {", ".join(COLUMNS)}')
    rows: Dict[str, Row] = {}
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise UserError(f'{path} has {len(cells)} cells in line {lines.line_num}, but {len(header)} columns: put '
                            'quotation marks around cells that contain the separator')
        row = dict(zip(header, (cell.strip() for cell in cells)))
        key = _key(row['file'])
        if key in rows:
            raise UserError(f'{path} names {row["file"]} in lines {rows[key].line} and {lines.line_num}: keep one')
        rows[key] = Row(lines.line_num, row['file'], Facts(*(row.get(name) or None for name in COLUMNS[1:])))
    return list(rows.values())


def apply_manifest(path: Path, source: Path, items: Sequence[Item]) -> Tuple[List[Item], List[str], List[str]]:
    """Return the items with the facts of a manifest, and sentences about rows without a file and files without one.

    Files that are not in the manifest are kept, without a label.

    Raises:
        UserError: if the manifest cannot be used, or names none of the files.
    """
    rows = {_key(row.file): row for row in read_manifest(path)}
    keys = {_key(_file(source, item)): item for item in items}
    missing = [row for key, row in rows.items() if key not in keys]
    if rows and len(missing) == len(rows):
        raise UserError(f'{path} names none of the files in {source}, but {missing[0].file} for example: its paths '
                        'start in this folder, as hico-mm convert --init writes them')
    faults = [f'{path} names {row.file} in line {row.line}, but there is no such file of this format in {source}: '
              'correct the path, or delete the line' for row in missing]
    known = [item._replace(facts=rows[key].facts if key in rows else Facts()) for key, item in keys.items()]
    unlisted = [item for key, item in keys.items() if key not in rows]
    doubts = [f'{len(unlisted)} of the {len(items)} clips are not in {path}, so they have no label: add rows for them, '
              f'or delete the files; one is {unlisted[0].name}'] if unlisted else []
    return known, faults, doubts


def _file(source: Path, item: Item) -> str:
    """Return the path of an item as it is written in a manifest."""
    return item.path.name if source.is_file() else item.path.relative_to(source).as_posix()


def _key(file: str) -> str:
    """Return a path in a form to compare: Unicode is composed, and folders are separated by '/'."""
    return unicodedata.normalize('NFC', file.replace('\\', '/')).strip('/')
