"""One progress bar for all files, and one for the frames of a long file."""

from contextlib import contextmanager
from typing import Iterable, Iterator, Optional, TypeVar

from rich.progress import Progress

T = TypeVar('T')
_shown: Optional[Progress] = None  # in this process


@contextmanager
def progress_of_files() -> Iterator[Progress]:
    """Show progress bars; :func:`track_frames` adds to them in the same process."""
    global _shown
    with Progress() as progress:
        _shown = progress
        try:
            yield progress
        finally:
            _shown = None


def track_frames(frames: Iterable[T], total: Optional[int], name: str) -> Iterable[T]:
    """Yield the frames of a file, with a bar of their own if one is shown for the files."""
    if _shown is None:
        yield from frames
        return
    task = _shown.add_task(name, total=total)
    try:
        yield from _shown.track(frames, task_id=task, total=total)
    finally:
        _shown.remove_task(task)
