"""Fuzz the readers of external files with modified copies of valid files.

    python -m tools.stress.fuzz --target ntu pickle --count 20000

A reader may accept an input, or refuse it with a ``UserError`` or an ``OSError``. Any other outcome is called foreign:
another exception, accepted garbage, a crash of the interpreter, more than ``--seconds`` per input, or more memory than
100 times the file size plus 200 MiB. The smallest input of each foreign kind is kept. The exit status is 1 if there was
any foreign outcome.
"""

import argparse
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from hico_mm.errors import UserError

from .fuzz_targets import TARGETS, Garbage, Target, be_quiet

BATCH = 500  # inputs per forked process
ROOT = Path(__file__).parents[2]
ACCEPTED, REFUSED = 'accepted', 'refused'


class TooLong(BaseException):
    """An input took too long. Readers do not catch it, since it is not an ``Exception``."""


class Tally:
    """Counts the outcomes of the inputs of a target.

    Args:
        keep: Folder for the smallest input of each foreign kind.
    """

    def __init__(self, keep: Path) -> None:
        self.keep = keep
        self.counts: Counter = Counter()
        self.smallest: Dict[str, Tuple[int, int]] = {}

    def add(self, kind: str, seed: int, size: int) -> None:
        """Count an input and remember it if it is the smallest of its kind."""
        self.counts[kind] += 1
        self.smallest[kind] = min(self.smallest.get(kind, (size, seed)), (size, seed))

    @property
    def foreign(self) -> Dict[str, int]:
        """The number of inputs of each foreign kind."""
        return {kind: count for kind, count in self.counts.most_common() if kind not in (ACCEPTED, REFUSED)}

    def report(self, name: str) -> str:
        """Return a line for the target and one for each foreign kind; write the smallest input of each foreign kind."""
        groups: Counter = Counter()
        for kind, count in self.foreign.items():
            groups[next((g for g in ('memory', 'crash', 'hang', 'garbage') if kind.startswith(g)), 'foreign')] += count
        lines = [f'{name}: {sum(self.counts.values())} inputs, {self.counts[REFUSED]} refused, '
                 f'{self.counts[ACCEPTED]} accepted, {groups["foreign"]} foreign exceptions, '
                 f'{groups["garbage"]} garbage accepted, {groups["memory"]} excessive memory, {groups["hang"]} hangs, '
                 f'{groups["crash"]} crashes']
        for kind, count in self.foreign.items():
            size, seed = self.smallest[kind]
            path = self.keep / f'{name}_{seed}_{TARGETS[name].name}'
            path.write_bytes(TARGETS[name].make(random.Random(seed)))
            lines.append(f'  {count:6} {kind} [{size} bytes, {path}]')
        return '\n'.join(lines)


def read_one(target: Target, path: Path, seconds: float) -> str:
    """Read a file and return the outcome."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        target.read(path)
        return ACCEPTED
    except (UserError, OSError):
        return REFUSED
    except Garbage as error:
        return f'garbage: {error}'
    except TooLong:
        return f'hang: more than {seconds:g} s'
    except BaseException as error:
        return _kind(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _kind(error: BaseException) -> str:
    """Describe an exception by type, place in the project and text, without the numbers that differ between inputs."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if str(ROOT / 'hico_mm') in f.filename]
    place = f'{Path(frames[-1].filename).name}:{frames[-1].lineno}' if frames else '?'
    return f'{type(error).__name__} at {place}: {re.sub(r"0x[0-9a-f]+|[0-9]+", "#", str(error))[:60]!r}'


def peak() -> int:
    """Return the peak resident memory since the last call, in bytes."""
    text = Path('/proc/self/status').read_text()
    Path('/proc/self/clear_refs').write_text('5')
    return 1024 * int(text.split('VmHWM:')[1].split()[0])


def child(target: Target, folder: Path, seeds: Sequence[int], args: argparse.Namespace) -> None:
    """Try inputs in a forked process. Each is recorded before and after, so that a crash is traced to its input."""
    signal.signal(signal.SIGALRM, _too_long)
    limit = args.gigabytes << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    path = folder / target.name
    with open(folder / 'results', 'w') as results:
        for seed in seeds:
            data = target.make(random.Random(seed))
            path.write_bytes(data)
            print(json.dumps([seed, len(data), None]), file=results, flush=True)
            before = peak()
            kind = read_one(target, path, args.seconds)
            grown = peak() - before
            if grown > 100 * len(data) + (200 << 20):
                kind = f'memory: {grown >> 28 << 8} MiB and more'
            print(json.dumps([seed, len(data), kind]), file=results, flush=True)
    os._exit(0)


def _too_long(*_: object) -> None:
    raise TooLong


def try_batch(target: Target, folder: Path, seeds: List[int], args: argparse.Namespace, tally: Tally) -> List[int]:
    """Try inputs in one forked process; return those that it did not try because it died."""
    (folder / 'results').write_text('')
    pid = os.fork()
    if not pid:
        try:
            child(target, folder, seeds, args)
        finally:
            os._exit(70)
    status = _wait(pid, 60 + len(seeds) * args.seconds)
    rows = [json.loads(line) for line in (folder / 'results').read_text().splitlines()]
    for seed, size, kind in rows:
        if kind is not None:
            tally.add(kind, seed, size)
    if status == 0:
        return []
    seed, size = (rows[-1][0], rows[-1][1]) if rows else (seeds[0], 0)
    tally.add(f'crash: the interpreter ended with status {status}', seed, size)
    return seeds[seeds.index(seed) + 1:]


def _wait(pid: int, seconds: float) -> Optional[int]:
    """Return the exit status of a forked process, or None if it had to be killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def fuzz(name: str, args: argparse.Namespace) -> Tally:
    """Try the inputs of a target, show the progress on a terminal, and return the outcomes."""
    tally, end = Tally(args.keep), time.monotonic() + 60 * args.minutes
    seeds = list(range(args.seed * 10**9, args.seed * 10**9 + args.count))
    with tempfile.TemporaryDirectory(prefix='fuzz_') as folder:
        while seeds and time.monotonic() < end:
            left = try_batch(TARGETS[name], Path(folder), seeds[:BATCH], args, tally)
            seeds = left + seeds[BATCH:]
            if sys.stderr.isatty():
                print(f'\r{name}: {args.count - len(seeds)} of {args.count}', end='\r', file=sys.stderr, flush=True)
    return tally


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Fuzz the targets and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--target', nargs='+', choices=TARGETS, default=list(TARGETS), help='default: all readers')
    parser.add_argument('--count', type=int, default=20_000, help='number of inputs per target; default: 20000')
    parser.add_argument('--seed', type=int, default=0, help='a different seed gives different inputs; default: 0')
    parser.add_argument('--minutes', type=float, default=60, help='time limit per target; default: 60')
    parser.add_argument('--seconds', type=float, default=5, help='time limit per input; default: 5')
    parser.add_argument('--gigabytes', type=int, default=8, help='limit of address space in GiB; default: 8')
    parser.add_argument('--keep', type=Path, default=Path('work_dirs/fuzz'),
                        help='folder for inputs with a foreign outcome; default: work_dirs/fuzz')
    args = parser.parse_args(argv)
    args.keep.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings('ignore')
    be_quiet()
    found = False
    for name in args.target:
        tally = fuzz(name, args)
        print(tally.report(name), flush=True)
        found = found or bool(tally.foreign)
    return int(found)


if __name__ == '__main__':
    sys.exit(main())
