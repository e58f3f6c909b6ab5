"""Run each step of `reproduce.py` once."""

import json
import os
import re
import shlex
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from rich.progress import Progress, TaskID

from ..errors import UserError
from ..fileio import write_json
from .plan import Step
from .server import fork_server, in_session, run_command

ETA = re.compile(r'Epoch\(train\) +(\[\d+\]).* eta: ((?:\d+ days?, )?[\d:]+)')
COMPUTED_ALIKE = re.compile(r'num_workers|persistent_workers')  # options that do not change results


class StepRunner:
    """Runs the steps of several lanes in parallel.

    Args:
        out: Output folder.
        jobs: Number of steps to run in parallel; they share the cores.
        progress: Display of the progress.
        bar: The task of the display that counts the steps.
        command: Runs the command of a step and returns its exit status.
    """

    def __init__(self, out: Path, jobs: int, progress: Progress, bar: TaskID,
                 command: Callable[[List[str]], int] = run_command) -> None:
        self.out, self.jobs, self.progress, self.bar, self.command = out, jobs, progress, bar, command
        if jobs > 1:
            share = max(1, (os.cpu_count() or 1) // jobs)
            os.environ['OMP_NUM_THREADS'] = os.environ.get('OMP_NUM_THREADS') or str(share)
        self.context = fork_server()
        self.processes: Dict[str, Any] = {}
        self.lock, self.stopped, self.failed = threading.Lock(), False, False

    def lane(self, steps: List[Step]) -> None:
        """Run the steps of a lane one after the other. If a step fails, only steps that start from it are skipped."""
        for step in steps:
            try:
                self.step(step)
            except Exception as error:  # whatever it is, continue with the other steps
                if not self.stopped:
                    self.failed = True
                    self.progress.console.print(f'{step.name}: {error}', markup=False, highlight=False)
            self.progress.advance(self.bar, 0 if self.stopped else 1)

    def step(self, step: Step) -> None:
        """Run a step and save its result.

        Raises:
            RuntimeError: if it fails.
        """
        if self.stopped:
            return
        folder = self.out / step.name
        if step.source and not (self.out / step.source).exists():
            raise RuntimeError(f'skipped, since {self.out / step.source} does not exist')
        write_json(step.options, folder / 'step.json')
        began = time.monotonic()
        self.run(step, folder / 'output.log')
        scores = read_scores(folder, step)
        if scores is None:
            raise RuntimeError(f'ended without a score, see {folder / "output.log"}')
        seconds = round(time.monotonic() - began)
        write_json(dict(step.setting._asdict(), task=step.task, draw=step.draw, **scores, seconds_of_last_run=seconds,
                        command=shlex.join(['hico-mm', *step.command(self.out)])), folder / 'result.json')
        said = f'{100 * scores["top1"]:.2f} %' if 'top1' in scores else 'done'
        self.progress.console.print(f'{step.name}: {said} ({seconds} s)', highlight=False)

    def run(self, step: Step, log: Path) -> None:
        """Run a step's command; its output is written to the log, and its progress is shown.

        Raises:
            RuntimeError: if it fails or is interrupted.
        """
        with self.lock:
            if self.stopped:
                raise RuntimeError('interrupted')
            # In a new session, so that it is interrupted only once, by interrupt(). It ends with this process.
            reader, writer = self.context.Pipe(duplex=False)
            process = self.context.Process(target=in_session, args=(self.command, step.command(self.out), writer))
            process.start()
            writer.close()
            self.processes[step.name] = process
        line = self.progress.add_task(step.name, total=None)
        with log.open('a', buffering=1) as file, os.fdopen(os.dup(reader.fileno()), errors='replace') as printed:
            reader.close()
            for text in printed:
                file.write(text)
                found = ETA.search(text)
                if found:
                    self.progress.update(line, description=f'{step.name} {found[1]} {found[2]} left')
        process.join()
        with self.lock:
            del self.processes[step.name]
        self.progress.remove_task(line)
        if process.exitcode:
            raise RuntimeError(f'failed, see {log}: {" ".join(log.read_text().splitlines()[-1:])}')

    def interrupt(self) -> None:
        """Stop the running steps as Ctrl-C does. Checkpoints are kept."""
        with self.lock:
            self.stopped = True
            for process in self.processes.values():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGINT)


def check_same(step: Step, folder: Path) -> None:
    """Check that the contents of a step's folder were made, or started, by the same command.

    Raises:
        UserError: if they were not.
    """
    path = folder / 'step.json'
    before = json.loads(path.read_text()) if path.exists() else {}
    for key, now in step.options.items():
        then = before.get(key, now)
        if len({tuple(o for o in options if not COMPUTED_ALIKE.search(o)) for options in (then, now)}) > 1:
            raise UserError(f'{folder} was made with other options ({shlex.join(then)}): choose another --out, or '
                            'remove it')


def read_scores(folder: Path, step: Step) -> Optional[Dict[str, float]]:
    """Read the last and best accuracies in [0, 1] from mmengine's JSON logs; None if the last epoch has none."""
    if step.task == 'pretrain':
        return {}
    runs = sorted(path for path in folder.iterdir() if path.is_dir())
    paths = [run / f'{run.name}.json' if step.tool == 'test' else run / 'vis_data' / 'scalars.json' for run in runs]
    lines = [json.loads(line) for path in paths if path.exists() for line in path.read_text().splitlines()]
    scores = [line for line in lines if 'acc/top1' in line]
    if step.tool == 'train':
        last = max((int(path.stem.rpartition('_')[2]) for path in folder.glob('epoch_*.pth')), default=None)
        if not scores or scores[-1]['step'] != last:
            return None
    best = max(score['acc/top1'] for score in scores)
    knn = dict(knn=scores[-1]['acc/knn']) if 'acc/knn' in scores[-1] else {}
    return dict(top1=scores[-1]['acc/top1'], mean1=scores[-1]['acc/mean1'],
                best_top1=scores[-1].get('acc/best_top1', best), **knn)
