"""Reading many files, with several processes if wanted."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from typing import Callable, Iterator, Sequence, Tuple, TypeVar

from rich.progress import track

Content = TypeVar('Content')


def read_files(read: Callable[[Path], Content], paths: Sequence[Path], workers: int,
               chunk: int = 16) -> Iterator[Tuple[Path, Content]]:
    """Each path with what ``read`` makes of it, in order; shows progress."""
    # An interrupt is the main process's to handle.
    pool = ProcessPoolExecutor(workers, initializer=signal, initargs=(SIGINT, SIG_IGN)) if workers > 1 else None
    try:
        results = pool.map(read, paths, chunksize=chunk) if pool else map(read, paths)
        yield from zip(paths, track(results, 'reading', total=len(paths)))
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)
