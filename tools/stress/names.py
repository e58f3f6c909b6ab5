"""Try names that lead out of a folder or contain commands, and folders that another user can write to.

    python -m tools.stress.names

The last trials need root: they act as another user, who replaces the files that training processes share in a TMPDIR
that everybody can write to.
"""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from hico_mm.fileio import dump_pickle

from .common import ROOT, Report, check_parser, last_line, run_command, scratch_folder
from .crafted import Mark
from .kill_resume import prepare
from .processes import output, run
from .ranks import free_port

NOBODY = 65534
PYTHON = '/usr/bin/python3'  # an environment's own Python may be in a place that another user cannot read
HAND_OVER = """
import sys, numpy as np, torch.distributed as dist
from hico_mm.datasets.clip_store import ClipStore, load_once_a_host
dist.init_process_group('gloo', init_method=f'file://{sys.argv[2]}', rank=int(sys.argv[1]), world_size=2)
clips = [np.ones((1, 200000, 25, 3), 'f4') for _ in range(4)]
store, rest = load_once_a_host(lambda: (ClipStore.from_clips(clips), 'sound'))
assert rest == 'sound' and all((store[i] == 1).all() for i in range(4)), 'other data'
"""
EXCHANGE = """
import os, sys, time
folder, evil, end = sys.argv[1], open(sys.argv[2], 'rb').read(), time.time() + 40
while time.time() < end:
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            os.rename(path, path + '.moved')
            os.mkdir(path)
            os.chmod(path, 0o777)
        except OSError:
            continue
        while time.time() < end:
            for written in os.listdir(path):
                if written.endswith('.pkl'):
                    os.unlink(os.path.join(path, written))
                    open(os.path.join(path, written), 'wb').write(evil)
                    sys.exit()
"""


def climbing_names(folder: Path, configs: Path, checkpoint: Path, data: Path, mark: Mark) -> List[str]:
    """Give clips whose names are paths and commands to every tool that writes names; return the faults."""
    def rename(name: str) -> str:
        return f'../../escaped/{name}; touch {mark.path} $(touch x)\n'

    content = pickle.loads(data.read_bytes())
    content['annotations'] = [dict(clip, frame_dir=rename(clip['frame_dir'])) for clip in content['annotations']]
    content['split'] = {key: [rename(name) for name in names] for key, names in content['split'].items()}
    box = folder / 'box/inner/run'
    shutil.rmtree(folder / 'box', ignore_errors=True)
    dump_pickle(content, box / 'climbing.pkl')
    loaders = [f'{part}_dataloader.dataset.ann_file=climbing.pkl' for part in ('train', 'val', 'test')]
    options = ['--cfg-options', *loaders]
    knn = configs / 'knn.py'
    for command, arguments in (
            ('check_annotations', ['climbing.pkl']),
            ('train', [configs / 'pretrain.py', '--work-dir', 'w', '--epochs', 1, *options]),
            ('test', [knn, checkpoint, '--work-dir', 't', '--dump', 'd.pkl', *options]),
            ('extract_features', [knn, checkpoint, '--split', 'xsub_val', '--out', 'f.npz', *options]),
            ('fuse_streams', ['--preds', 'd.pkl', 'd.pkl', '--out', 'o.pkl']),
            ('show', ['climbing.pkl', '--out', 'c.png'])):
        run(command, arguments, box)
    faults = [f'traceback: {last_line(output(box))}'] if 'Traceback' in output(box) else []
    own = {box, box.parent, *box.rglob('*')}
    outside = [path.name for path in (folder / 'box').rglob('*') if path not in own]
    return faults + mark.faults() + ([f'files outside the folder: {outside}'] if outside else [])


def odd_folder(folder: Path, checkpoint: Path, mark: Mark) -> List[str]:
    """Run the shell scripts with a folder, a config and a job whose names contain commands; return the faults."""
    odd = folder / "odd; touch $MARK `touch a` $(touch b) 'q' && x"
    shutil.rmtree(odd, ignore_errors=True)
    for part in ('tools', 'hico_mm'):
        shutil.copytree(ROOT / part, odd / part)
    config = shutil.copy(folder / 'configs/knn.py', odd / 'a b;touch c.py')
    before = {path.name for path in odd.iterdir()} | {'w $(touch y)'}
    done = run_command('bash', odd / 'tools/dist_test.sh', config, checkpoint, 1, '--work-dir', odd / 'w $(touch y)',
                       cwd=odd, PORT=free_port(), MARK=str(mark.path))
    programs = folder / 'programs'
    programs.mkdir(exist_ok=True)
    (programs / 'srun').write_text('#!/bin/sh\nexit 0\n')
    (programs / 'srun').chmod(0o755)
    run_command('bash', odd / 'tools/slurm_train.sh', 'p;touch d', 'j $(touch e)', config, '--work-dir', 'x y', cwd=odd,
                PATH=f'{programs}:{os.environ["PATH"]}', MARK=str(mark.path))
    run_command('bash', ROOT / 'tools/quickstart.sh', '--data', '$(touch f); touch g', cwd=odd)
    made = {path.name for path in odd.iterdir()} - before
    faults = [f'command failed: status {done.returncode}, {last_line(done.stdout)}'] if done.returncode else []
    return faults + mark.faults() + ([f'code ran: it created {made}'] if made else [])


def trap_folder(folder: Path, checkpoint: Path, mark: Mark) -> List[str]:
    """Start tools in a folder that has a module with the name of one they import; return the faults."""
    trap = folder / 'trap'
    trap.mkdir(exist_ok=True)
    (trap / 'addict.py').write_text(f'open({str(mark.path)!r}, "w")\nraise SystemExit(3)\n')
    arguments = [folder / 'configs/knn.py', checkpoint]
    by_script, by_python = ['bash', ROOT / 'tools/dist_test.sh', *arguments, 1], [ROOT / 'tools/test.py', *arguments]
    for command in (by_script, by_python):
        run_command(*command, '--work-dir', folder / 'trapped', cwd=trap, PORT=free_port(), PYTHONPATH='')
    return mark.faults()


def exchanged_folder(folder: Path, mark: Mark) -> List[str]:
    """Let another user replace files that processes share in a TMPDIR without the sticky bit; return the faults."""
    shared, evil = folder / 'shared', folder / 'evil_clips.pkl'
    shutil.rmtree(shared, ignore_errors=True)
    shared.mkdir()
    for place in (shared, folder):
        place.chmod(0o777)
    evil.write_bytes(pickle.dumps(mark.evil))
    (folder / 'store').unlink(missing_ok=True)
    thief = subprocess.Popen(['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', PYTHON, '-c',
                              EXCHANGE, str(shared), str(evil)])
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'TMPDIR': str(shared)}
    processes = [subprocess.Popen([sys.executable, '-c', HAND_OVER, str(rank), str(folder / 'store')], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
                 for rank in (0, 1)]
    faults = []
    for process in processes:
        try:
            printed = process.communicate(timeout=60)[0]
            faults += ["foreign data: the other user's files were loaded"] if 'other data' in printed else []
        except subprocess.TimeoutExpired:
            process.kill()
            faults.append('hang: no result after 60 s')
    if thief.poll():
        faults.append('not tried: the other user could not reach the folder')
    thief.kill()
    thief.wait()
    return faults + mark.faults()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run all trials and return the exit status."""
    args = check_parser(__doc__).parse_args(argv)
    folder = scratch_folder(args, 'names')
    checkpoint = prepare(folder, 'linear').pretrained
    assert checkpoint is not None
    mark, report = Mark(folder / 'MARK'), Report('names', 9)
    report.trial('clip names that are paths and commands', climbing_names(
        folder, folder / 'configs', checkpoint, folder / 'demo.pkl', mark), 'no file outside, no command run')
    report.trial('names of folders, configs and jobs that contain commands', odd_folder(folder, checkpoint, mark),
                 'no command run')
    report.trial("a folder with somebody else's modules", trap_folder(folder, checkpoint, mark), 'no module imported')
    for attempt in range(6):
        faults = exchanged_folder(folder, mark) if os.geteuid() == 0 else []
        note = 'no foreign data loaded' if os.geteuid() == 0 else 'not tried: only root can be another user'
        report.trial(f'a TMPDIR that others can write to, attempt {attempt + 1}', faults, note)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
