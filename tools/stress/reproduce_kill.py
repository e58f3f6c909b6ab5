"""Kill reproduce.py and run it again: results must be the same, and no folder may have two training runs at once.

    python -m tools.stress.reproduce_kill

It is killed during pretraining and during linear evaluation, with each of three signals.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from .common import ROOT, Report, check_parser, last_line, make_demo, scratch_folder

EPOCHS = 12
# Signal, the step during which it is sent, and the text that the step must have printed before.
MOMENTS = (('SIGKILL', 'pretrain', '[3]['), ('SIGTERM', 'pretrain', '[3]['), ('SIGINT', 'pretrain', '[3]['),
           ('SIGKILL', 'linear', 'Epoch(val)'), ('SIGTERM', 'linear', 'Epoch(val)'), ('SIGINT', 'linear', 'Epoch(val)'))


class Reproduction:
    """A small reproduction that writes into a folder.

    Args:
        out: The folder.
        data: Annotation file of the demo data.
    """

    def __init__(self, out: Path, data: Path) -> None:
        self.out, self.data = out, data

    def start(self) -> 'subprocess.Popen[bytes]':
        """Start it in a process group of its own, and return the process."""
        options = [f'{part}_dataloader.dataset.ann_file={self.data}' for part in ('train', 'val', 'test')]
        command = [sys.executable, ROOT / 'tools/reproduce.py', '--encoder', 'lstm', '--dataset', 'demo', '--tasks',
                   'linear', 'knn', '--epochs', EPOCHS, '--out', self.out, '--cfg-options', *options,
                   'train_dataloader.batch_size=16', 'model.backbone.channels=16']
        with self.out.with_suffix('.log').open('ab') as log:
            return subprocess.Popen([str(word) for word in command], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
                                    stdin=subprocess.DEVNULL, start_new_session=True,
                                    env={**os.environ, 'PYTHONPATH': str(ROOT)})

    def results(self) -> Optional[Dict[Tuple[str, int], Tuple[Any, ...]]]:
        """Return the accuracies by task and seed, or None if there are none."""
        path = self.out / 'demo/lstm/results.json'
        if not path.exists():
            return None
        return {(row['task'], row['seed']): (row['top1'], row['mean1'], row.get('best_top1'))
                for row in json.loads(path.read_text())['results']}

    def log(self, step: str) -> str:
        """Return what a step has printed."""
        return ''.join(path.read_text(errors='replace') for path in self.out.glob(f'demo/**/{step}/output.log'))

    def trainings(self) -> List[int]:
        """Return the ids of the processes that train or test: forked from the server, with files of the folder open."""
        found = []
        for entry in Path('/proc').iterdir():
            try:
                words = (entry / 'cmdline').read_text(errors='replace') if entry.name.isdigit() else ''
                state = (entry / 'stat').read_text().rpartition(')')[2].split()[0] if words else 'X'
                files = [os.readlink(file) for file in (entry / 'fd').iterdir()] if 'forkserver' in words else []
            except OSError:
                continue
            if state not in 'ZX' and any(file.startswith(f'{self.out}/') for file in files):
                found.append(int(entry.name))
        return found


def until(condition: Callable[[], object], limit: float) -> bool:
    """Wait for a condition, up to ``limit`` seconds; return whether it holds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return bool(condition())


def kill_and_repeat(run: Reproduction, name: str, step: str, text: str) -> List[str]:
    """Send a signal during a step, then run the reproduction again; return the faults other than wrong results."""
    shutil.rmtree(run.out, ignore_errors=True)
    process = run.start()
    reached = until(lambda: text in run.log(step), 300)
    faults = [] if reached else [f'step not reached: {step} has not printed {text!r}']
    os.kill(process.pid, getattr(signal, name))
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        faults.append('still running: 60 s after the signal')
    again, most = run.start(), 0

    def ended() -> bool:
        nonlocal most
        most = max(most, len(run.trainings()))
        return again.poll() is not None

    if not until(ended, 600):
        again.kill()
    faults += [f'concurrent training: {most} runs at once'] if most > 1 else []
    if again.wait():
        printed = run.out.with_suffix('.log').read_text(errors='replace')
        faults.append(f'second run failed: status {again.returncode}, {last_line(printed)}')
    left = run.trainings()
    for training in left:
        os.kill(training, signal.SIGKILL)
    return faults + ([f'orphans: {len(left)} processes'] if left else [])


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Kill, run again, compare and return the exit status."""
    args = check_parser(__doc__).parse_args(argv)
    scratch = scratch_folder(args, 'reproduce_kill')
    data = make_demo(scratch)
    whole = Reproduction(scratch / 'whole', data)
    if whole.results() is None:
        whole.start().wait(900)
    expected = whole.results()
    if not expected:
        sys.exit(f'an undisturbed reproduction failed: see {whole.out.with_suffix(".log")}')
    report = Report('reproduce_kill', len(MOMENTS))
    for name, step, text in MOMENTS:
        run = Reproduction(scratch / 'trial', data)
        faults = kill_and_repeat(run, name, step, text)
        results = run.results()
        faults += [] if results == expected else [f'results differ: {results} instead of {expected}']
        report.trial(f'{name} during {step}', faults, 'same results')
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
