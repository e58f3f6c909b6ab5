"""Fill the disk during training, and run every tool with a read-only output folder.

    python -m tools.stress.full_disk

A failed write must be reported in one line. Once there is space again, resumed training must give the same result.
Only root can mount the small disks and read-only folders; for other users, only file size limits are tried.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

from .common import Report, check_parser, last_line, scratch_folder
from .damaged import ends_faults, refused_faults, stop_after
from .kill_resume import Training, must_end_well, prepare
from .processes import output, run
from .records import Record, read_scalars

SIZES = (200, 3000, 60_000, 120_000)  # limits of the size of a file, in bytes
DISKS = (300, 420, 700, 1000, 1500)  # sizes of a disk, in KiB
NOT_TRIED = 'not tried: only root can mount a file system'


def limit_files(size: int) -> Callable[[], None]:
    """Return a function that limits the size of the files a process writes; call it in that process."""
    def limit() -> None:
        import resource
        printer = subprocess.Popen(['cat'], stdin=subprocess.PIPE)  # has no limit, so the log is complete
        assert printer.stdin is not None
        for stream in (1, 2):
            os.dup2(printer.stdin.fileno(), stream)
        printer.stdin.close()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def try_disk(training: Training, folder: Path, whole: Record, report: Report) -> None:
    """Train with a file size limit and on disks that become full, then resume with enough space."""
    for size in SIZES:
        shutil.rmtree(folder, ignore_errors=True)
        training.run(folder, before=stop_after(3))
        (folder / 'out.log').unlink()
        status = training.run(folder, resume=True, before=limit_files(size))
        time.sleep(0.5)
        faults = refused_faults(folder, status) if status else []
        note = last_line(output(folder)) if status else 'enough space'
        (folder / 'out.log').unlink()
        report.trial(f'file size limit of {size} bytes', faults + ends_faults(training, folder, whole), note)
    for size in DISKS:
        shutil.rmtree(folder, ignore_errors=True)
        with mounted(folder / 'w', f'size={size}k') as there:
            if not there:
                report.trial(f'a disk of {size} KiB', note=NOT_TRIED)
                continue
            status = training.run(folder)
            faults = refused_faults(folder, status) if status else []
            note = last_line(output(folder)) if status else 'enough space'
            subprocess.run(['mount', '-o', 'remount,size=64m', str(folder / 'w')], check=True)
            (folder / 'out.log').unlink()
            faults += ends_faults(training, folder, whole)
            broken = read_scalars(folder / 'w')[1]
            report.trial(f'a disk of {size} KiB', faults + ([f'broken lines: {broken}'] if broken else []), note)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[bool]:
    """Mount a file system in memory; yield whether this succeeded."""
    folder.mkdir(parents=True, exist_ok=True)
    there = os.geteuid() == 0 and subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder],
                                                 stderr=subprocess.DEVNULL).returncode == 0
    try:
        yield there
    finally:
        if there:
            subprocess.run(['umount', folder], check=True)


def writing_commands(scratch: Path, checkpoint: Path, place: Path) -> List[Tuple[str, List[object]]]:
    """Return, for each tool that writes, a command whose output goes into a given folder."""
    configs, raw, data = scratch / 'configs', scratch / 'raw', scratch / 'demo.pkl'
    return [
        ('train', [configs / 'pretrain.py', '--work-dir', place / 'w', '--epochs', 1]),
        ('test', [configs / 'knn.py', checkpoint, '--work-dir', place / 'w']),
        ('test', [configs / 'knn.py', checkpoint, '--dump', place / 'out.pkl']),
        ('extract_features', [configs / 'knn.py', checkpoint, '--split', 'xsub_val', '--out', place / 'out.npz']),
        ('prepare_ntu', ['--raw', raw, '--dataset', 'ntu60', '--out', place / 'out.pkl']),
        ('hold_out', [data, '--split', 'xsub_train', '--names', 'P001', '--out', place / 'out.pkl']),
        ('show', [data, '--out', place / 'out.png']),
        ('make_demo', ['--out', place / 'demo', '--num-subjects', 1]),
        ('reproduce', ['--encoder', 'gru', '--dataset', 'nwucla', '--tasks', 'knn', '--out', place / 'r'])]


def try_readonly(scratch: Path, commands: List[Tuple[str, List[object]]], place: Path, report: Report) -> None:
    """Run the commands with a read-only output folder; each must be refused properly."""
    folder = scratch / 'readonly_log'
    with mounted(place, 'ro') as there:
        for command, arguments in commands:
            if not there:
                report.trial(f'{command} with a read-only output folder', note=NOT_TRIED)
                continue
            shutil.rmtree(folder, ignore_errors=True)
            faults = refused_faults(folder, run(command, arguments, folder))
            report.trial(f'{command} with a read-only output folder', faults, last_line(output(folder)))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Fill the disk, resume, compare and return the exit status."""
    args = check_parser(__doc__).parse_args(argv)
    scratch = scratch_folder(args, 'full_disk')
    training, checkpoint = prepare(scratch, 'pretrain'), prepare(scratch, 'linear').pretrained
    assert checkpoint is not None
    commands = writing_commands(scratch, checkpoint, scratch / 'readonly')
    report = Report('full_disk', len(SIZES) + len(DISKS) + len(commands))
    try_disk(training, scratch / 'full_disk', must_end_well(training, scratch / 'whole_pretrain'), report)
    try_readonly(scratch, commands, scratch / 'readonly', report)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
