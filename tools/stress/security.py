"""Try crafted pickles and checkpoints wherever a file from another source is read.

    python -m tools.stress.security

No file may run code, crash the interpreter, use far more memory than its size, or cause another file to be deleted. A
file that is refused must be refused in one line.
"""

import json
import os
import pickle
import resource
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch

from hico_mm.apis import extract, init_model
from hico_mm.checkpoints import META_KEY, load_checkpoint
from hico_mm.datasets.checks import clip_fault
from hico_mm.datasets.safe_pickle import load_plain_pickle
from hico_mm.errors import UserError

from .common import Report, check_parser, last_line, scratch_folder
from .crafted import Mark, broken_pickles, pickles_that_run
from .damaged import refused_faults
from .kill_resume import Training, prepare
from .processes import output, run, wait

MEMORY = 6 << 30  # limit of address space, in bytes, of a process that reads a crafted file
TYPES = ('os.system', 'builtins.eval', 'stress_module', 'this', 'antigravity', 'mmengine.Config.fromfile',
         'torch.hub.load', ['os'], None, True, 'ＨｉＣｏ')


def in_a_process(action: Any, log: Path) -> List[str]:
    """Run an action, which must raise a UserError, in a forked process with little memory; return the faults."""
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            action()
            said = 'not refused: no error was raised'
        except UserError:
            said = ''
        except BaseException as error:
            said = f'wrong error: {type(error).__name__}: {str(error)[:150]}'
        log.write_text(said)
        os._exit(0)
    status = wait(process, 60)
    return [f'crash: status {status}'] if status else [said for said in [log.read_text()] if said]


def read_and_check(path: Path) -> None:
    """Read an annotation and check its first clip; raise an error in any case."""
    content = load_plain_pickle(path)
    fault = clip_fault(content['annotations'][0])
    raise UserError(fault) if fault else RuntimeError('no fault was found')


def describe_and_run(path: Path) -> None:
    """Build the model that a checkpoint describes, and encode a clip with it."""
    extract(init_model(None, path), [np.random.rand(2, 9, 25, 3)])


def try_descriptions(sound: Dict[str, Any], folder: Path, mark: Mark, report: Report) -> None:
    """Try checkpoints whose description is invalid, deeply nested, or names anything but a registered component."""
    os.chdir(folder)
    (folder / 'stress_module.py').write_text(f'open({str(mark.path)!r}, "w")\n')
    sys.path.insert(0, str(folder))
    path, places = folder / 'described.pth', (('model', ), ('load_pipeline', 0), ('model', 'neck', 'encoder'))
    for kind in TYPES:
        for place in places:
            content = json.loads(sound['meta'][META_KEY])
            part: Any = content
            for key in place[:-1]:
                part = part[key]
            part[place[-1]] = dict(type=kind)
            torch.save(dict(sound, meta={META_KEY: json.dumps(content)}), path)
            faults = in_a_process(lambda: describe_and_run(path), folder / 'log') + mark.faults()
            report.trial(f'{".".join(map(str, place))} of type {kind!r}', faults, 'refused')
    for text in ('{"model": ' + '[' * 100_000 + ']' * 100_000 + '}', 'null', '[]', '{"model": {}}', '\0'):
        torch.save(dict(sound, meta={META_KEY: text}), path)
        faults = in_a_process(lambda: describe_and_run(path), folder / 'log')
        report.trial(f'description {text[:20]!r}', faults, 'refused')


def try_deleting(training: Training, checkpoint: Path, folder: Path, report: Report) -> None:
    """Try checkpoints that name a user's file as the best checkpoint, which is deleted once there is a better one."""
    for target in (folder / 'thesis.tex', folder / 'thesis'):
        (folder / 'thesis').mkdir(exist_ok=True)
        (folder / 'thesis.tex').write_text('x')
        crafted = load_checkpoint(checkpoint)
        hub = crafted['message_hub']
        hub['runtime_info'].update(best_ckpt=str(target), best_score=-1.0)
        hub['resumed_keys'].update(best_ckpt=True, best_score=True)
        torch.save(crafted, folder / 'crafted.pth')
        shutil.rmtree(folder / 'deleting', ignore_errors=True)
        arguments = [training.config, '--work-dir', 'w', '--resume', folder / 'crafted.pth']
        status = run('train', arguments, folder / 'deleting')
        faults = [] if target.exists() else [f'file deleted: {target.name}']
        faults += [f'training failed: status {status}, {last_line(output(folder / "deleting"))}'] if status else []
        report.trial(f'best_ckpt names {target.name}', faults, 'not deleted')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Try all crafted files and return the exit status."""
    args = check_parser(__doc__).parse_args(argv)
    folder = scratch_folder(args, 'security')
    training, checkpoint = prepare(folder, 'pretrain'), prepare(folder, 'linear').pretrained
    assert checkpoint is not None
    mark = Mark(folder / 'MARK')
    commands, broken = pickles_that_run(folder, mark.evil, folder / 'configs', checkpoint), broken_pickles()
    report = Report('security', len(commands) + len(broken) + 3 * len(TYPES) + 5 + 2)
    for name, (command, arguments) in commands.items():
        shutil.rmtree(folder / 'log_of_one', ignore_errors=True)
        faults = refused_faults(folder / 'log_of_one', run(command, arguments, folder / 'log_of_one'))
        report.trial(f'a pickle that runs a command, {name}', faults + mark.faults(), 'refused')
    for name, content in broken.items():
        (folder / 'broken.pkl').write_bytes(pickle.dumps(content, 4))
        faults = in_a_process(lambda: read_and_check(folder / 'broken.pkl'), folder / 'log')
        report.trial(f'a pickle with {name}', faults, 'refused')
    try_descriptions(load_checkpoint(checkpoint), folder, mark, report)
    try_deleting(training, checkpoint.with_name('epoch_7.pth'), folder, report)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
