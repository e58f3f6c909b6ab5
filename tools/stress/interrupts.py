"""Send signals to training runs and other tools at random moments.

    python -m tools.stress.interrupts --count 40
    python -m tools.stress.interrupts --signals SIGTERM --tasks pretrain --workers 2 --count 10

Training must end within seconds with status 128 + signal, say how to continue, lose no step and leave no process. When
resumed, it must give the same result as an undisturbed run. A second signal stops it immediately. Other tools must end,
and leave either the old output or a complete new one.
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

PATIENCE = 5.0  # seconds in which a run must end
SLOW = 4.0  # seconds of a step that is waited for when the second signal comes
SECOND = 1.5  # seconds between the two
BEGINS = 'a slow step begins'


def exit_status(status: int) -> int:
    """The status as a shell has it: 128 + signal for a process that died of one."""
    return 128 - status if status < 0 else status


def end_faults(process: int, number: int, timeout: float = PATIENCE) -> Tuple[int, List[str]]:
    """Wait for a signalled process; return its status, and what is wrong with the way it ended."""
    began = time.monotonic()
    status = wait(process, 60)
    took = time.monotonic() - began
    faults = []
    if status == TIMED_OUT:
        faults.append('does not end: killed after 60 s')
    elif took > timeout:
        faults.append(f'ends late: after {took:.1f} s')
    if status not in (0, TIMED_OUT) and exit_status(status) != 128 + number:
        faults.append(f'status: {status}, not {128 + number}')
    left = orphans(process)
    return status, faults + ([f'orphans: {left}'] if left else [])


def said_faults(folder: Path, status: int) -> List[str]:
    """What is wrong with what a training that was ended by a signal has said and saved."""
    text = output(folder)
    faults = [f'traceback: {last_line(text)}'] if 'Traceback' in text else []
    if status in (0, TIMED_OUT) or 'Epoch(train)' not in text:  # before the first steps nothing can be lost
        return faults
    if 'run the same command' not in text:
        faults.append(f'does not say how to continue: {last_line(text)}')
    logged = max((json.loads(line)['step'] for file in folder.glob('w/*/vis_data/scalars.json')
                  for line in file.read_text().splitlines() if '"loss"' in line), default=0)
    last = find_last(folder / 'w').path
    saved = load_checkpoint(last)['meta']['iter'] if last else 0
    return faults + ([f'steps lost: step {logged} was logged, {saved} saved'] if saved < logged else [])


def interrupt(training: Training, folder: Path, whole: Record, name: str, moment: float, group: bool) -> List[str]:
    """Signal a training after some seconds, and resume it; return its faults."""
    shutil.rmtree(folder, ignore_errors=True)
    process = training.launch(folder)
    time.sleep(moment)
    send(process, getattr(signal, name), group)
    status, faults = end_faults(process, getattr(signal, name))
    faults += said_faults(folder, status)
    return faults + resumed_faults(training, folder, whole)


def slow_steps() -> None:
    """Let each training step of this process wait."""
    from mmengine.runner import Runner
    call_hook = Runner.call_hook

    def slow_call(runner: Runner, name: str, **kwargs: object) -> None:
        call_hook(runner, name, **kwargs)
        if name == 'before_train_iter':
            print(BEGINS)
            time.sleep(SLOW)

    Runner.call_hook = slow_call


def interrupt_twice(training: Training, folder: Path, name: str) -> List[str]:
    """Signal a training whose step takes long, and again before the step has ended; return its faults."""
    shutil.rmtree(folder, ignore_errors=True)
    process = training.launch(folder, before=slow_steps)
    end = time.monotonic() + 60
    while BEGINS not in output(folder) and time.monotonic() < end:
        time.sleep(0.05)
    for _ in range(2):
        send(process, getattr(signal, name))
        time.sleep(SECOND)
    status, faults = end_faults(process, getattr(signal, name), timeout=0.5)
    return faults + (['status: 0 after two signals'] if status == 0 else [])


def other_tools(scratch: Path, checkpoint: Path) -> List[Tuple[str, List[object], Optional[str]]]:
    """Commands that are no training: module, arguments, and the file that they write, if any."""
    knn, raw = scratch / 'configs/knn.py', scratch / 'raw'
    return [
        ('prepare_ntu', ['--raw', raw, '--dataset', 'ntu60', '--out', 'out.pkl'], 'out.pkl'),
        ('prepare_ntu', ['--raw', raw, '--dataset', 'ntu60', '--out', 'out.pkl', '--workers', 2], 'out.pkl'),
        ('make_demo', ['--out', 'demo', '--num-subjects', 1, '--workers', 2], None),
        ('test', [knn, checkpoint, '--work-dir', 'w'], None),
        ('extract_features', [knn, checkpoint, '--split', 'xsub_val', '--out', 'out.npz'], 'out.npz')]


def interrupt_tool(command: str, argv: List[object], written: Optional[str], folder: Path, name: str,
                   moment: float) -> List[str]:
    """Signal a tool; it must end, and its output must be the old one, or whole; return its faults."""
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
        faults.append(f'output: {written} has changed, although the tool did not end by itself')
    left = [path.name for path in folder.glob('.*') if path.is_file()]
    return faults + ([f'left over: {left}'] if left else [])


def try_training(training: Training, scratch: Path, signals: Sequence[str], report: Report, count: int,
                 rng: random.Random) -> None:
    """Signal a training ``count`` times at random moments, then each signal twice in one step."""
    name = f'{training.task} with {training.workers} workers'
    began = time.monotonic()
    whole = must_end_well(training, scratch / f'whole_{training.task}')
    length = time.monotonic() - began
    for trial in range(count):
        number, moment, group = signals[trial % len(signals)], rng.uniform(0.2, length), rng.random() < 0.5
        what = f'{name}, {number}{" to all its processes" if group else ""} after {moment:.2f} s'
        report.trial(what, interrupt(training, scratch / 'interrupted', whole, number, moment, group), 'exact')
    for number in signals:
        report.trial(f'{name}, {number} twice', interrupt_twice(training, scratch / 'twice', number), 'ends at once')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Signal, resume, compare and return the exit status."""
    parser = check_parser(__doc__)
    parser.add_argument('--signals', nargs='+', choices=SIGNALS, default=SIGNALS)
    parser.add_argument('--tasks', nargs='*', choices=TASKS, default=['pretrain', 'linear'])
    parser.add_argument('--count', type=int, default=20, help='signals to each task at random moments; default: 20')
    parser.add_argument('--workers', type=int, default=2, help='of each data loader; default: 2')
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
        report.trial(f'{command}, {name} after {moment:.2f} s', faults, 'ends')
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
