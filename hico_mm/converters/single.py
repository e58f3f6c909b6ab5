"""Read a single recording with the reader that fits it."""

from pathlib import Path
from typing import Optional, Tuple, Union

from ..errors import UserError
from ..structures import SkeletonLayout
from .convert import describe
from .guess import FALLBACK, candidates
from .items import find_items
from .recordings import safely, to_clip
from .registry import ReadOptions, load_readers

LOOKED_AT = 20  # number of files of a folder


def read_single(source: Path) -> Optional[Tuple[dict, Union[str, SkeletonLayout]]]:
    """Read a recording: a file, or a folder with the frames of one clip.

    Args:
        source: The file or folder.

    Returns:
        The annotation of the clip and its skeleton; None if the files do not fit exactly one reader. Plain arrays,
        whose axes must be stated, do not count.

    Raises:
        UserError: if the recording cannot be used; the message names it.
    """
    readers = load_readers()
    files = [source] if source.is_file() else sorted(path for path in source.iterdir() if path.is_file())[:LOOKED_AT]
    names = {name for path in files for name in candidates(path, readers)}
    if len(names) != 1 or not names <= set(readers) - {FALLBACK}:
        return None
    reader = readers[names.pop()]
    items, faults, _ = find_items(source, reader)
    if len(items) != 1:
        raise UserError(faults[0] if faults else f'{source} has {len(items)} clips: give the files of one of them')
    try:
        recording = safely(reader.read, items[0], ReadOptions())
        return to_clip(recording, items[0], ReadOptions(), recording.label), recording.layout
    except (OSError, UserError) as error:
        raise UserError(f'{describe(source, error)}: check the file, or give another one') from error
