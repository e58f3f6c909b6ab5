"""Damage, move or copy the files of a training run, then resume it.

    python -m tools.stress.damaged

If the newest checkpoint is damaged, it must be named and the previous one used, with the same final result. A copied
run must not change the original.
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

KEPT = 5  # the newest checkpoint of the training that is damaged


def stop_after(epochs: int) -> Callable[[], None]:
    """What makes a training kill itself when so many epochs are done; to be called in its process."""
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
    'all zeros': lambda path: path.write_bytes(bytes(path.stat().st_size)),
    'with a flipped bit': _flip,
    'gone': Path.unlink,
    'a folder': lambda path: _replace(path, Path.mkdir),
    'a link to nowhere': lambda path: _replace(path, lambda link: link.symlink_to('nowhere'))}
POINTER: Dict[str, Callable[[Path], object]] = {
    'empty': lambda path: _shorten(path, 0),
    'gone': Path.unlink,
    'of a file that is not there': lambda path: path.write_text('epoch_77.pth'),
    'binary': lambda path: path.write_bytes(bytes(range(128, 255))),
    'of the best checkpoint, which has no optimizer':
        lambda path: path.write_text(str(next(path.parent.glob('best_*'))))}


def ends_faults(training: Training, folder: Path, whole: Record, work: str = 'w') -> List[str]:
    """Resume a training run and compare its last weights with those of the undisturbed run."""
    arguments = [work if word == 'w' else word for word in training.arguments(resume=True)]
    status = run('train', arguments, folder)
    text = output(folder)
    faults = ['traceback: ' + last_line(text)] if 'Traceback' in text else []
    if status:
        return [*faults, f'cannot be resumed: status {status}, {last_line(text)}']
    last = load_checkpoint(folder / work / f'epoch_{EPOCHS[training.task]}.pth')
    assert whole.last is not None
    places = differences(whole.last['state_dict'], last['state_dict'])
    return faults + ([f'weights differ: {places[:2]} of {len(places)}'] if places else [])


def try_files(training: Training, folder: Path, whole: Record, report: Report) -> None:
    """Damage the newest checkpoint, then the file that names it."""
    for target, damages in ((f'epoch_{KEPT}.pth', NEWEST), ('last_checkpoint', POINTER)):
        for kind, damage in damages.items():
            shutil.rmtree(folder, ignore_errors=True)
            training.run(folder, before=stop_after(KEPT))
            (folder / 'out.log').unlink()
            damage(folder / 'w' / target)
            if kind == 'a folder':
                status = run('train', training.arguments(resume=True), folder)
                report.trial(f'{target} {kind}', refused_faults(folder, status, target), last_line(output(folder)))
                continue
            faults = ends_faults(training, folder, whole)
            text = output(folder)
            named = target == 'last_checkpoint' or kind in ('gone', 'a link to nowhere') or 'skipped: ' in text
            report.trial(f'{target} {kind}', faults if named else [*faults, f'silent: {target} is not named'], 'exact')


def try_folders(training: Training, folder: Path, whole: Record, report: Report) -> None:
    """Move and copy a run before it is resumed, and resume where there is none."""
    for what in ('moved', 'copied'):
        shutil.rmtree(folder, ignore_errors=True)
        training.run(folder, before=stop_after(KEPT))
        first = folder / 'w'
        before = {path: path.read_bytes() for path in first.rglob('*') if path.is_file()}
        shutil.move(first, folder / 'new') if what == 'moved' else shutil.copytree(first, folder / 'new')
        faults = ends_faults(training, folder, whole, 'new')
        if what == 'copied' and {path: path.read_bytes() for path in first.rglob('*') if path.is_file()} != before:
            faults.append('the first has changed: a copy was resumed')
        report.trial(f'the folder was {what}', faults, 'exact')
    shutil.rmtree(folder)
    status = run('train', [training.config, '--work-dir', 'w', '--resume', 'w/epoch_1.pth'], folder)
    report.trial('--resume of a file that is not there', refused_faults(folder, status), last_line(output(folder)))
    (folder / 'out.log').unlink()
    faults = ends_faults(training, folder, whole)
    said = 'found no checkpoint in' in output(folder)
    report.trial('--resume in a new folder', faults if said else [*faults, 'silent: it starts anew'], 'it is said')


def refused_faults(folder: Path, status: int, *names: str) -> List[str]:
    """Check that a command refused with one line that names the file and status 1; return the faults."""
    text = output(folder)
    faults = [f'status: {status}, not 1'] if status != 1 else []
    if 'Traceback' in text:
        faults.append(f'traceback: {last_line(text)}')
    return faults + [f'not named: {name} in "{last_line(text)}"' for name in names if name not in last_line(text, 1000)]


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
