"""Damage, move or copy the files of a training run, then resume it.

    python -m tools.stress.damaged

If the newest checkpoint is damaged, the run must say so, use the previous one and reach the same final result. Resuming
a copy must not change the original.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from hico_mm.checkpoints import load_checkpoint

from .common import EPOCHS, Report, check_parser, last_line, scratch_folder
from .kill_resume import Training, must_end_well, prepare
from .processes import output, run
from .records import Record, differences

KEPT = 5  # epoch of the newest checkpoint, the one that is damaged


def stop_after(epochs: int) -> Callable[[], None]:
    """Return a patch that makes a training process kill itself after this many epochs; call it in that process."""
    def patch() -> None:
        from mmengine.runner import Runner
        call_hook = Runner.call_hook

        def call(runner: Runner, name: str, **kwargs: object) -> None:
            if name == 'before_train_epoch' and runner.epoch >= epochs:
                os.kill(os.getpid(), signal.SIGKILL)
            call_hook(runner, name, **kwargs)

        Runner.call_hook = call

    return patch


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 64
    path.write_bytes(content)


def _shorten(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


NEWEST: Dict[str, Callable[[Path], object]] = {
    'truncated': lambda path: _shorten(path, path.stat().st_size - 1000),
    'cut in half': lambda path: _shorten(path, path.stat().st_size // 2),
    'empty': lambda path: _shorten(path, 0),
    'filled with zeros': lambda path: path.write_bytes(bytes(path.stat().st_size)),
    'one bit flipped': _flip,
    'missing': Path.unlink,
    'now a folder': lambda path: _replace(path, Path.mkdir),
    'now a broken link': lambda path: _replace(path, lambda link: link.symlink_to('nowhere'))}
POINTER: Dict[str, Callable[[Path], object]] = {
    'empty': lambda path: _shorten(path, 0),
    'missing': Path.unlink,
    'naming a missing file': lambda path: path.write_text('epoch_77.pth'),
    'filled with binary data': lambda path: path.write_bytes(bytes(range(128, 255))),
    'naming the best checkpoint, which has no optimizer state':
        lambda path: path.write_text(str(next(path.parent.glob('best_*'))))}


def ends_faults(training: Training, folder: Path, whole: Record, work: str = 'w') -> List[str]:
    """Resume a training run and compare its final weights with those of the undisturbed run; return the faults."""
    arguments = [work if word == 'w' else word for word in training.arguments(resume=True)]
    status = run('train', arguments, folder)
    text = output(folder)
    faults = ['traceback: ' + last_line(text)] if 'Traceback' in text else []
    if status:
        return [*faults, f'cannot be resumed: status {status}, {last_line(text)}']
    last = load_checkpoint(folder / work / f'epoch_{EPOCHS[training.task]}.pth')
    assert whole.last is not None
    places = differences(whole.last['state_dict'], last['state_dict'])
    return faults + ([f'weights differ: {len(places)} place(s), first {places[:2]}'] if places else [])


def try_files(training: Training, folder: Path, whole: Record, report: Report) -> None:
    """Damage the newest checkpoint, or the file that names it, and resume the run."""
    for target, damages in ((f'epoch_{KEPT}.pth', NEWEST), ('last_checkpoint', POINTER)):
        for kind, damage in damages.items():
            shutil.rmtree(folder, ignore_errors=True)
            training.run(folder, before=stop_after(KEPT))
            (folder / 'out.log').unlink()
            damage(folder / 'w' / target)
            if kind == 'now a folder':
                status = run('train', training.arguments(resume=True), folder)
                report.trial(f'{target}, {kind}', refused_faults(folder, status, target), last_line(output(folder)))
                continue
            faults = ends_faults(training, folder, whole)
            text = output(folder)
            named = target == 'last_checkpoint' or kind in ('missing', 'now a broken link') or 'skipped: ' in text
            faults += [] if named else [f'not reported: the output does not say that {target} was skipped']
            report.trial(f'{target}, {kind}', faults, 'same final weights')


def try_folders(training: Training, folder: Path, whole: Record, report: Report) -> None:
    """Move or copy a run before it is resumed, and resume where there is nothing to resume."""
    for what in ('moved', 'copied'):
        shutil.rmtree(folder, ignore_errors=True)
        training.run(folder, before=stop_after(KEPT))
        first = folder / 'w'
        before = {path: path.read_bytes() for path in first.rglob('*') if path.is_file()}
        shutil.move(first, folder / 'new') if what == 'moved' else shutil.copytree(first, folder / 'new')
        faults = ends_faults(training, folder, whole, 'new')
        if what == 'copied' and {path: path.read_bytes() for path in first.rglob('*') if path.is_file()} != before:
            faults.append('original changed: by resuming its copy')
        report.trial(f'the work directory was {what}', faults, 'same final weights')
    shutil.rmtree(folder)
    status = run('train', [training.config, '--work-dir', 'w', '--resume', 'w/epoch_1.pth'], folder)
    report.trial('--resume with a missing file', refused_faults(folder, status), last_line(output(folder)))
    (folder / 'out.log').unlink()
    faults = ends_faults(training, folder, whole)
    said = 'found no checkpoint in' in output(folder)
    faults += [] if said else ['not reported: that training starts from the beginning']
    report.trial('--resume in a new folder', faults, 'the output says that there is no checkpoint')


def refused_faults(folder: Path, status: int, *names: str) -> List[str]:
    """Return the faults of a refusal, which must have status 1, no traceback, and all names in the last line."""
    text = output(folder)
    faults = [f'wrong status: {status}, expected 1'] if status != 1 else []
    if 'Traceback' in text:
        faults.append(f'traceback: {last_line(text)}')
    missing = [name for name in names if name not in last_line(text, 1000)]
    return faults + [f'not named: {name} is not in "{last_line(text)}"' for name in missing]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Damage, resume, compare and return the exit status."""
    args = check_parser(__doc__).parse_args(argv)
    scratch = scratch_folder(args, 'damaged')
    training, folder = prepare(scratch, 'pretrain'), scratch / 'damaged'
    whole = must_end_well(training, scratch / 'whole_pretrain')
    report = Report('damaged', len(NEWEST) + len(POINTER) + 4)
    try_files(training, folder, whole, report)
    try_folders(training, folder, whole, report)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
