"""Kill, stop or break one of two training processes, or their launcher: all must end soon and name the cause.

    python -m tools.stress.dying_ranks

If a process is stopped, the others notice it only through RankWatchHook.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set

from .common import ROOT, Report, check_parser, make_demo, scratch_folder, write_configs
from .ranks import FIXED, free_port

LIMIT = 20  # seconds that a run waits for a silent process
PATIENCE = LIMIT + 55  # seconds within which a run must end
CAUSE = re.compile(r'Error|error:|Signal|exitcode|closed|time', re.ASCII)
VICTIMS = (('rank 1', 'SIGKILL'), ('rank 0', 'SIGKILL'), ('rank 1', 'SIGTERM'), ('the script', 'SIGTERM'),
           ('the script', 'SIGINT'), ('the script', 'SIGKILL'), ('rank 1', 'SIGSTOP'), ('rank 0', 'SIGSTOP'))
# What rank 1 cannot do, and the patch of its process that causes this.
FAILURES = {
    'read the shared clips': """
import hico_mm.datasets.clip_store as module
read = module._read
def _read(folder):
    if os.environ['RANK'] == '1':
        raise OSError('a read error')
    return read(folder)
module._read = _read""",
    'take its fifth step': """
from hico_mm.models.selfsup import HiCo
loss, calls = HiCo.loss, []
def fail(self, *args, **kwargs):
    calls.append(0)
    if os.environ['RANK'] == '1' and len(calls) == 5:
        raise RuntimeError('a step failed')
    return loss(self, *args, **kwargs)
HiCo.loss = fail""",
    'save a checkpoint (nor can rank 0)': """
from hico_mm.fileio import AtomicLocalBackend
def put(self, obj, filepath):
    raise OSError(28, 'No space left on device')
AtomicLocalBackend.put = put"""}


def tree(root: int) -> Set[int]:
    """Return the ids of a process and of all its descendants."""
    parents: Dict[int, int] = {}
    for entry in Path('/proc').iterdir():
        try:
            if entry.name.isdigit():
                parents[int(entry.name)] = int((entry / 'stat').read_text().rpartition(')')[2].split()[1])
        except OSError:
            continue
    found = {root}
    while True:
        more = {process for process, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def lives(process: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return (Path('/proc') / str(process) / 'stat').read_text().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


def rank_of(process: int) -> Optional[str]:
    """Return the rank of a training process, or None for a launcher or a data loader worker."""
    try:
        words = (Path('/proc') / str(process) / 'cmdline').read_bytes()
        environment = (Path('/proc') / str(process) / 'environ').read_bytes().split(b'\0')
    except OSError:
        return None
    rank = [entry[5:].decode() for entry in environment if entry.startswith(b'RANK=')]
    return f'rank {rank[0]}' if rank and b'train.py' in words and b'torch.distributed' not in words else None


class Launch:
    """A training run of two processes.

    Args:
        command: The command that starts it.
        log: File for its output.
    """

    def __init__(self, command: Sequence[object], log: Path) -> None:
        self.log, environment = log, dict(os.environ, PYTHONPATH=str(ROOT), PYTHON=sys.executable, PORT=free_port())
        with log.open('w') as file:
            self.process = subprocess.Popen([str(word) for word in command], stdout=file, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, env=environment, start_new_session=True)
        self.members: Set[int] = set()

    def text(self) -> str:
        """Return what the run has printed so far."""
        return self.log.read_text(errors='replace')

    def until(self, text: str, limit: float = 120) -> None:
        """Wait until the run has printed a text, has ended, or the limit in seconds has passed."""
        end = time.monotonic() + limit
        while time.monotonic() < end and text not in self.text() and self.process.poll() is None:
            time.sleep(0.2)
        self.members = tree(self.process.pid)

    def end_faults(self, named: bool = True) -> List[str]:
        """Wait for the run to end, kill what remains of it, and return the faults.

        Args:
            named: Whether the run must name the cause of its end.
        """
        faults = []
        try:
            status = self.process.wait(PATIENCE)
            faults += [f'wrong status: 0, expected a failure ({self.log})'] if status == 0 else []
        except subprocess.TimeoutExpired:
            faults.append(f'still running: after {PATIENCE} s')
            self.members |= tree(self.process.pid)
        time.sleep(6)
        left = [process for process in self.members if process != self.process.pid and lives(process)]
        faults += [f'orphans: {len(left)} processes'] if left else []
        for process in {*left, *([self.process.pid] if self.process.poll() is None else [])}:
            os.kill(process, signal.SIGKILL)
        self.process.wait()
        return faults + ([] if not named or CAUSE.search(self.text()) else [f'cause not named: see {self.log}'])


def try_victim(victim: str, name: str, config: Path, scratch: Path) -> List[str]:
    """Send a signal to a process of a training run; return what is wrong with the end of the run."""
    shutil.rmtree(scratch / 'dying', ignore_errors=True)
    launch = Launch(['bash', ROOT / 'tools/dist_train.sh', config, 2, '--work-dir', scratch / 'dying', '--seed', 0,
                     '--cfg-options', 'train_dataloader.batch_size=16', 'train_cfg.max_epochs=500',
                     f'default_hooks.rank_watch.minutes={LIMIT / 60}'], scratch / 'dying.log')
    launch.until('Epoch(train) [2]')
    if 'Epoch(train)' not in launch.text():
        return [f'training did not start: see {launch.log}', *launch.end_faults()]
    ranks = {rank_of(process): process for process in sorted(launch.members, reverse=True)}
    os.kill(ranks.get(victim, launch.process.pid), getattr(signal, name))
    return launch.end_faults(named=victim != 'the script')


def try_failure(patch: str, config: Path, scratch: Path) -> List[str]:
    """Make rank 1 fail by itself; return what is wrong with the end of the run."""
    shutil.rmtree(scratch / 'dying', ignore_errors=True)
    script, before = scratch / 'train.py', set(os.listdir(tempfile.gettempdir()))
    script.write_text(f'import os, sys\n{patch}\nfrom hico_mm.cli.train import main\nsys.exit(main())\n')
    launch = Launch([sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2', '--master_port', free_port(),
                     script, config, '--work-dir', scratch / 'dying', '--seed', 0, '--launcher', 'pytorch',
                     '--cfg-options', 'train_dataloader.batch_size=16'], scratch / 'dying.log')
    launch.until('a text that never comes', 20)
    faults = launch.end_faults()
    made = set(os.listdir(tempfile.gettempdir())) - before
    left = [name for name in made if re.match(r'hico_mm_(?!stress)', name)]
    return faults + ([f'left over: {left} in TMPDIR'] if left else [])


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run all trials and return the exit status."""
    args = check_parser(__doc__).parse_args(argv)
    scratch = scratch_folder(args, 'dying_ranks')
    configs = write_configs(scratch / 'configs', make_demo(scratch))
    config = configs / 'fixed.py'
    config.write_text(FIXED)
    report = Report('dying_ranks', len(VICTIMS) + len(FAILURES))
    for victim, name in VICTIMS:
        report.trial(f'{name} to {victim}', try_victim(victim, name, config, scratch), 'all processes ended')
    for what, patch in FAILURES.items():
        report.trial(f'rank 1 cannot {what}', try_failure(patch, config, scratch), 'all processes ended')
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
