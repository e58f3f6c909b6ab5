"""Kill a training run, resume it, and compare it bit for bit with an undisturbed run.

    python -m tools.stress.kill_resume --task pretrain --kills 50
    python -m tools.stress.kill_resume --task linear --points

The comparison covers weights, optimizer, schedule, message hub, the best checkpoints, every row of scalars.json and
TensorBoard, and the files that remain.
"""

import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence

from .common import EPOCHS, TASKS, Report, check_parser, last_line, make_demo, scratch_folder, write_configs
from .points import POINTS, strike_at
from .processes import launch, orphans, output, preload, run, send, wait
from .records import Record, compare, read_record

COUNTS = (1, 2, 4)  # the process is killed when it reaches a point for the first, second or fourth time


class Training(NamedTuple):
    """A training run that can be started in any folder.

    Args:
        task: One of :data:`TASKS`.
        config: Its config.
        workers: Worker processes of each data loader.
        pretrained: The checkpoint that it starts from, if any.
        options: Further values of ``--cfg-options``.
    """

    task: str
    config: Path
    workers: int = 0
    pretrained: Optional[Path] = None
    options: Sequence[str] = ()

    def arguments(self, resume: bool) -> List[str]:
        """Return the arguments of ``tools/train.py``; starting and resuming differ only in ``--resume``."""
        start = ['--pretrained', str(self.pretrained)] if self.pretrained else []
        loaders = [f'{part}_dataloader.{option}' for part in ('train', 'val') for option in (
            f'num_workers={self.workers}', f'persistent_workers={self.workers > 0}')]
        return [str(self.config), '--work-dir', 'w', '--seed', '3', *start, *(['--resume'] if resume else []),
                '--cfg-options', *loaders, *self.options]

    def launch(self, folder: Path, resume: bool = False, before: Optional[Callable[[], None]] = None) -> int:
        """Start the training and return its process id."""
        return launch('train', self.arguments(resume), folder, before)

    def run(self, folder: Path, resume: bool = False, before: Optional[Callable[[], None]] = None) -> int:
        """Run the training to its end and return the exit status."""
        return run('train', self.arguments(resume), folder, before)

    def record(self, folder: Path) -> Record:
        """Return what the training has left in a folder."""
        return read_record(folder / 'w', EPOCHS[self.task])


def prepare(scratch: Path, task: str, workers: int = 0) -> Training:
    """Make data, configs and, for a downstream task, the checkpoint that it starts from; return the training."""
    configs = write_configs(scratch / 'configs', make_demo(scratch))
    preload()
    if task == 'pretrain':
        return Training(task, configs / 'pretrain.py', workers)
    source = scratch / 'source'
    checkpoint = source / 'w' / f'epoch_{EPOCHS["pretrain"]}.pth'
    if not checkpoint.exists():
        must_end_well(Training('pretrain', configs / 'pretrain.py'), source)
    return Training(task, configs / f'{task}.py', workers, checkpoint)


def must_end_well(training: Training, folder: Path) -> Record:
    """Run a training from the beginning and return what it left; exit if it fails."""
    shutil.rmtree(folder, ignore_errors=True)
    if training.run(folder) != 0:
        sys.exit(f'an undisturbed training run failed: {last_line(output(folder))} (see {folder}/out.log)')
    return training.record(folder)


def kill_at_random(training: Training, folder: Path, length: float, times: int, rng: random.Random) -> List[str]:
    """Kill and resume a training up to ``times`` times, unless it ends first; return the moments of the kills."""
    moments: List[str] = []
    for attempt in range(times):
        moment = rng.uniform(0.05, 0.8 * length)
        process = training.launch(folder, resume=attempt > 0)
        time.sleep(moment)
        send(process, signal.SIGKILL)
        if wait(process, 60) == 0:
            break
        moments.append(f'{moment:.2f} s' + (f' ({left} orphans)' if (left := orphans(process)) else ''))
    return moments


def resumed_faults(training: Training, folder: Path, whole: Record) -> List[str]:
    """Resume an interrupted training and compare it with the undisturbed one; return the faults."""
    status = training.run(folder, resume=True)
    if status:
        return [f'cannot be resumed: status {status}, {last_line(output(folder))}']
    return compare(whole, training.record(folder))


def try_points(training: Training, folder: Path, whole: Record, report: Report) -> None:
    """Kill a training at every named point, then resume it and compare it with the undisturbed one."""
    for point in POINTS:
        for count in COUNTS:
            shutil.rmtree(folder, ignore_errors=True)
            status = training.run(folder, before=strike_at(point, count))
            what = f'killed at point "{point}", occurrence {count}'
            if status == -signal.SIGKILL:
                report.trial(what, resumed_faults(training, folder, whole), 'same result')
            else:
                faults = [f'failed: status {status}, {last_line(output(folder))}'] if status else []
                report.trial(what, faults, 'point not reached')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Kill, resume, compare and return the exit status."""
    parser = check_parser(__doc__)
    parser.add_argument('--task', choices=TASKS, default='pretrain', help='default: pretrain')
    parser.add_argument('--kills', type=int, default=20, help='kills at random moments; default: 20')
    parser.add_argument('--per-run', type=int, default=2, help='maximum number of kills per training; default: 2')
    parser.add_argument('--points', action='store_true', help='kill at each named point instead of at random')
    parser.add_argument('--workers', type=int, default=0, help='workers of each data loader; default: 0')
    args = parser.parse_args(argv)
    scratch = scratch_folder(args, 'kill_resume')
    training = prepare(scratch, args.task, args.workers)
    folder = scratch / f'trial_{args.task}'
    began = time.monotonic()
    whole = must_end_well(training, scratch / f'whole_{args.task}')
    length = time.monotonic() - began
    report = Report(f'kill_resume {args.task}', len(POINTS) * len(COUNTS) if args.points else args.kills)
    again = compare(whole, must_end_well(training, folder))
    print(f'{args.task}: an undisturbed run takes {length:.1f} s; repeated: {again or "same result"}', flush=True)
    if args.points:
        try_points(training, folder, whole, report)
        return report.end()
    rng, kills = random.Random(args.seed), 0
    while kills < args.kills:
        shutil.rmtree(folder, ignore_errors=True)
        moments = kill_at_random(training, folder, length, min(args.per_run, args.kills - kills), rng)
        kills += len(moments)
        length *= 1 if moments else 0.8  # the first run was slower, perhaps because the machine was busy
        faults = resumed_faults(training, folder, whole) if moments else compare(whole, training.record(folder))
        orphaned = [f'orphans: killed after {moment}' for moment in moments if 'orphans' in moment]
        what = f'killed after {", ".join(moments)}' if moments else 'ended before it was killed'
        report.trial(what, faults + orphaned, 'same result', len(moments))
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
