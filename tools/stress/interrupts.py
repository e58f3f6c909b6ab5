"""Send signals to training runs and other tools at random moments.

    python -m tools.stress.interrupts --count 40
    python -m tools.stress.interrupts --signals SIGTERM --tasks pretrain --workers 2 --count 10

Training must end within seconds with status 128 + signal, say how to continue, lose no step and leave no process
running. When resumed, it must give the same result as an undisturbed run. A second signal must stop it at once. Other
tools must end, and leave either the old output or a complete new one.
"""

import json
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from hico_mm.checkpoints import load_checkpoint
from hico_mm.checkpoints.resume import find_last

from .common import TASKS, Report, check_parser, last_line, scratch_folder
from .kill_resume import Training, must_end_well, prepare, resumed_faults
from .processes import SIGNALS, TIMED_OUT, launch, orphans, output, send, wait
from .records import Record

PATIENCE = 5.0  # seconds within which a run must end
SLOW = 4.0  # seconds that a step takes when two signals are sent during it
SECOND = 1.5  # seconds between these two signals
BEGINS = 'a slow step begins'


def exit_status(status: int) -> int:
    """Return the status as a shell shows it: 128 + signal for a process that was killed by a signal."""
    return 128 - status if status < 0 else status


def end_faults(process: int, number: int, timeout: float = PATIENCE) -> Tuple[int, List[str]]:
    """Wait for a process that was sent a signal; return its status and what is wrong with its end."""
    began = time.monotonic()
    status = wait(process, 60)
    took = time.monotonic() - began
    faults = []
    if status == TIMED_OUT:
        faults.append('still running: killed after 60 s')
    elif took > timeout:
        faults.append(f'ended late: after {took:.1f} s')
    if status not in (0, TIMED_OUT) and exit_status(status) != 128 + number:
        faults.append(f'wrong status: {status}, expected {128 + number}')
    left = orphans(process)
    return status, faults + ([f'orphans: {left} processes'] if left else [])


def said_faults(folder: Path, status: int) -> List[str]:
    """Return what is wrong with the output and checkpoints of a training run that was ended by a signal."""
    text = output(folder)
    faults = [f'traceback: {last_line(text)}'] if 'Traceback' in text else []
    if status in (0, TIMED_OUT) or 'Epoch(train)' not in text:  # nothing can be lost before the first steps
        return faults
    if 'run the same command' not in text:
        faults.append(f'does not say how to continue: {last_line(text)}')
    logged = max((json.loads(line)['step'] for file in folder.glob('w/*/vis_data/scalars.json')
                  for line in file.read_text().splitlines() if '"loss"' in line), default=0)
    last = find_last(folder / 'w').path
    saved = load_checkpoint(last)['meta']['iter'] if last else 0
    return faults + ([f'steps lost: step {logged} was logged, but step {saved} was saved'] if saved < logged else [])


def interrupt(training: Training, folder: Path, whole: Record, name: str, moment: float, group: bool) -> List[str]:
    """Send a signal to a training run after ``moment`` seconds, then resume the run; return the faults."""
    shutil.rmtree(folder, ignore_errors=True)
    process = training.launch(folder)
    time.sleep(moment)
    send(process, getattr(signal, name), group)
    status, faults = end_faults(process, getattr(signal, name))
    faults += said_faults(folder, status)
    return faults + resumed_faults(training, folder, whole)


def slow_steps() -> None:
    """Make each training step of this process slow."""
    from mmengine.runner import Runner
    call_hook = Runner.call_hook

    def slow_call(runner: Runner, name: str, **kwargs: object) -> None:
        call_hook(runner, name, **kwargs)
        if name == 'before_train_iter':
            print(BEGINS)
            time.sleep(SLOW)

    Runner.call_hook = slow_call


def interrupt_twice(training: Training, folder: Path, name: str) -> List[str]:
    """Send a signal twice during one slow step of a training run; return the faults."""
    shutil.rmtree(folder, ignore_errors=True)
    process = training.launch(folder, before=slow_steps)
    end = time.monotonic() + 60
    while BEGINS not in output(folder) and time.monotonic() < end:
        time.sleep(0.05)
    for _ in range(2):
        send(process, getattr(signal, name))
        time.sleep(SECOND)
    status, faults = end_faults(process, getattr(signal, name), timeout=0.5)
    return faults + (['wrong status: 0 after two signals'] if status == 0 else [])


def other_tools(scratch: Path, checkpoint: Path) -> List[Tuple[str, List[object], Optional[str]]]:
    """Return commands that do not train: module, arguments, and the file that is written, if any."""
    knn, raw = scratch / 'configs/knn.py', scratch / 'raw'
    return [
        ('prepare_ntu', ['--raw', raw, '--dataset', 'ntu60', '--out', 'out.pkl'], 'out.pkl'),
        ('prepare_ntu', ['--raw', raw, '--dataset', 'ntu60', '--out', 'out.pkl', '--workers', 2], 'out.pkl'),
        ('make_demo', ['--out', 'demo', '--num-subjects', 1, '--workers', 2], None),
        ('test', [knn, checkpoint, '--work-dir', 'w'], None),
        ('extract_features', [knn, checkpoint, '--split', 'xsub_val', '--out', 'out.npz'], 'out.npz')]


def interrupt_tool(command: str, argv: List[object], written: Optional[str], folder: Path, name: str,
                   moment: float) -> List[str]:
    """Send a signal to a tool, which must end and must not leave a partial output; return the faults."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if written:
        (folder / written).write_bytes(b'old')
    process = launch(command, argv, folder)
    time.sleep(moment)
    send(process, getattr(signal, name))
    status, faults = end_faults(process, getattr(signal, name))
    if 'Traceback' in output(folder):
        faults.append(f'traceback: {last_line(output(folder))}')
    if written and status != 0 and (folder / written).read_bytes() != b'old':
        faults.append(f'output changed: {written}, although the tool was interrupted')
    left = [path.name for path in folder.glob('.*') if path.is_file()]
    return faults + ([f'left over: {left}'] if left else [])


def try_training(training: Training, scratch: Path, signals: Sequence[str], report: Report, count: int,
                 rng: random.Random) -> None:
    """Interrupt ``count`` training runs at random moments, then one run per signal twice during a step."""
    name = f'{training.task} with {training.workers} workers'
    began = time.monotonic()
    whole = must_end_well(training, scratch / f'whole_{training.task}')
    length = time.monotonic() - began
    for trial in range(count):
        number, moment, group = signals[trial % len(signals)], rng.uniform(0.2, length), rng.random() < 0.5
        what = f'{name}, {number}{" to all its processes" if group else ""} after {moment:.2f} s'
        report.trial(what, interrupt(training, scratch / 'interrupted', whole, number, moment, group), 'same result')
    for number in signals:
        report.trial(f'{name}, {number} twice', interrupt_twice(training, scratch / 'twice', number), 'ended at once')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Send signals, resume, compare and return the exit status."""
    parser = check_parser(__doc__)
    parser.add_argument('--signals', nargs='+', choices=SIGNALS, default=SIGNALS, help='default: all')
    parser.add_argument('--tasks', nargs='*', choices=TASKS, default=['pretrain', 'linear'],
                        help='default: pretrain linear')
    parser.add_argument('--count', type=int, default=20, help='signals per task at random moments; default: 20')
    parser.add_argument('--workers', type=int, default=2, help='workers of each data loader; default: 2')
    parser.add_argument('--tool-count', type=int, default=20, help='signals to tools that do not train; default: 20')
    args = parser.parse_args(argv)
    scratch, rng = scratch_folder(args, 'interrupts'), random.Random(args.seed)
    report = Report('interrupts', len(args.tasks) * (args.count + len(args.signals)) + args.tool_count)
    for task in args.tasks:
        try_training(prepare(scratch, task, args.workers), scratch, args.signals, report, args.count, rng)
    source = prepare(scratch, 'linear').pretrained
    assert source is not None
    tools = other_tools(scratch, source)
    for trial in range(args.tool_count):
        command, arguments, written = tools[trial % len(tools)]
        name, moment = args.signals[trial // len(tools) % len(args.signals)], rng.uniform(0.02, 2)
        faults = interrupt_tool(command, arguments, written, scratch / 'tool', name, moment)
        report.trial(f'{command}, {name} after {moment:.2f} s', faults, 'ended')
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
