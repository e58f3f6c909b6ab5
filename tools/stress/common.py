"""Helpers of all checks: small data, small configs, and a report with the estimated time left."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Optional, Sequence

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')
os.environ.setdefault('HICO_MM_VERBOSE', '1')  # the scripts look for lines of the full log

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs'
TASKS = ('pretrain', 'linear', 'semi', 'finetune')
EPOCHS = dict(pretrain=8, linear=40, semi=8, finetune=8)

LOADER = "{part}_dataloader = dict(batch_size=16, dataset=dict(ann_file={data!r}, split='xsub_{side}'))\n"
HOOKS = 'default_hooks = dict(logger=dict(interval=2, ignore_last=False), checkpoint=dict(interval={interval}))\n'
# This is a Transformer because its dropout draws random numbers in every step.
PRETRAIN = """model = dict(
    backbone=dict(channels=16), projector=dict(hidden_channels=16, out_channels=8), head=dict(queue_length=40),
    neck=dict(num_granularities=2, encoder=dict(_delete_=True, type='TransformerEncoder')))
train_cfg = dict(max_epochs=8, val_begin=2, val_interval=2)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True, eta_min=1e-5)]
"""
FINETUNE = """model = dict(cls_head=_base_.skeleton.cls_head)
train_cfg = dict(max_epochs=8, val_begin=2, val_interval=2)
"""


def check_parser(doc: Optional[str]) -> argparse.ArgumentParser:
    """Return a parser with the options that the checks share."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--scratch', type=Path, help='working folder, which is not deleted; demo data that it already '
                        'contains are reused; default: a new folder in TMPDIR')
    parser.add_argument('--seed', type=int, default=0, help='seed of the random moments and inputs; default: 0')
    return parser


def scratch_folder(args: argparse.Namespace, name: str) -> Path:
    """Return the working folder of a check, which is created if necessary."""
    folder = args.scratch or Path(tempfile.mkdtemp(prefix=f'hico_mm_stress_{name}_'))
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def run_command(*argv: object, cwd: Optional[Path] = None, timeout: float = 300,
                **env: str) -> 'subprocess.CompletedProcess[str]':
    """Run a command or a Python file with this source tree on ``PYTHONPATH``; ``stdout`` holds all its output."""
    words = [str(word) for word in argv]
    if words[0].endswith('.py'):
        words.insert(0, sys.executable)
    return subprocess.run(words, cwd=cwd, timeout=timeout, text=True, errors='replace', stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, 'PYTHONPATH': str(ROOT), 'PYTHON': sys.executable, **env})


def make_demo(folder: Path, subjects: int = 4) -> Path:
    """Make demo data with 60 clips per subject; return the annotation file. The recordings are in ``raw`` beside it."""
    raw, out = folder / 'raw', folder / 'demo.pkl'
    if not out.exists():
        shutil.rmtree(raw, ignore_errors=True)
        run_command(ROOT / 'tools/data/make_demo.py', '--out', raw, '--num-subjects', subjects).check_returncode()
        run_command(ROOT / 'tools/data/prepare_ntu.py', '--raw', raw, '--dataset', 'ntu60', '--out', out,
                    '--missing', raw / 'missing.txt').check_returncode()
    return out


def write_configs(folder: Path, data: Path) -> Path:
    """Write a small config for each task, to train for :data:`EPOCHS` epochs on the demo data; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    loaders = ''.join(LOADER.format(part=part, data=str(data), side='train' if part == 'train' else 'val')
                      for part in ('train', 'val', 'test'))
    base = CONFIGS / '_base_'
    finetune = [base / 'models/finetune.py', base / 'datasets/demo.py', base / 'schedules/finetune.py']
    hico = CONFIGS / 'hico'
    contents = dict(
        pretrain=([hico / 'demo/hico_lstm_demo.py'], HOOKS.format(interval=1) + PRETRAIN),
        linear=([hico / 'linear/hico_demo_linear.py'],
                HOOKS.format(interval=3) + f'train_cfg = dict(max_epochs={EPOCHS["linear"]}, batch_size=32)\n'),
        finetune=(finetune, HOOKS.format(interval=1) + FINETUNE),
        knn=([hico / 'knn/hico_demo_knn.py'], ''))
    for name, (bases, text) in contents.items():
        (folder / f'{name}.py').write_text(f'_base_ = {[str(path) for path in bases]!r}\n{loaders}{text}')
    (folder / 'semi.py').write_text("_base_ = './finetune.py'\n"
                                    'train_dataloader = dict(dataset=dict(subset=dict(fraction=0.3, seed=0)))\n')
    return folder


class Report:
    """Prints a line for each trial, with an estimate of the time left, and a summary at the end.

    Args:
        name: Name of the check.
        total: Number of trials that are planned.
    """

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total, self.done, self.faulty = name, total, 0, 0
        self.kinds: Counter = Counter()
        self.began = time.monotonic()

    def trial(self, what: str, faults: Sequence[str] = (), note: str = '', count: int = 1) -> None:
        """Print the result of a trial.

        Args:
            what: What was tried.
            faults: The faults, each as ``kind: details``; empty if there are none.
            note: Text to print if there are no faults.
            count: Number of trials that this result stands for.
        """
        self.done += count
        self.faulty += max(1, count) if faults else 0
        self.kinds.update(fault.partition(':')[0] for fault in faults)
        left = (time.monotonic() - self.began) / max(1, self.done) * max(0, self.total - self.done)
        outcome = '; '.join(faults) if faults else note or 'ok'
        sign = 'FAULT ' if faults else ''
        print(f'{self.name} {self.done}/{self.total}, {duration(left)} left: {what}: {sign}{outcome}', flush=True)

    def end(self) -> int:
        """Print the summary and return the exit status, which is 1 if there was a fault or no trial at all."""
        kinds = ''.join(f'; {kind}: {count}' for kind, count in self.kinds.most_common())
        took = duration(time.monotonic() - self.began)
        print(f'{self.name}: {self.done} trials in {took}, {self.faulty} with faults{kinds}', flush=True)
        return int(self.faulty > 0 or self.done == 0)


def duration(seconds: float) -> str:
    """Return a duration as text in seconds or minutes."""
    return f'{seconds:.0f} s' if seconds < 120 else f'{seconds / 60:.0f} min'


def last_line(text: str, width: int = 200) -> str:
    """Return the last line that is not empty, cut to ``width`` characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:width] if lines else 'no output'


