"""What a user waits for outside of training: the start of commands, features of raw clips, a search."""

import argparse
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import List

from mmengine.config import Config

from hico_mm.apis import SkeletonSearch, extract, init_model
from hico_mm.fileio import dump_pickle

from .measure import CONFIGS, ROOT, compare, config_on, make_annotation, memory_beyond


def run_startup(args: argparse.Namespace) -> List[dict]:
    """Measure commands as a whole, each in a process of its own: help, a description, and a run of a single step."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'clips.pkl'
        annotation = make_annotation(96)
        dump_pickle(dict(annotation, split={name: annotation['split']['xsub_train'][:64] for name in
                                            ('xsub_train', 'xsub_val')}), path)
        config_on(f'hico_{args.encoder}_ntu60.py', path).dump(Path(folder) / 'step.py')
        commands = {
            'train --help': ['train', '--help'], 'info': ['info'],
            'train, one step': ['train', f'{folder}/step.py', '--epochs', '1', '--work-dir', f'{folder}/w',
                                '--cfg-options', 'val_dataloader=None', 'val_cfg=None', 'val_evaluator=None']}
        return [dict(stage='startup', what=f'hico-mm {name}', ratio={}, repeats=repeats,
                     seconds=compare(dict(hico_mm=partial(_run, words)), repeats)['seconds'])
                for name, words in commands.items() for repeats in (1 if name.startswith('train,') else args.repeats, )]


def _run(words: List[str]) -> None:
    done = subprocess.run([sys.executable, '-m', 'hico_mm', *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f'hico-mm {" ".join(words)} failed: {(done.stdout + done.stderr)[-2000:]}')


def run_use(args: argparse.Namespace) -> List[dict]:
    """Measure the features of raw clips, and a query in a gallery of them, with an untrained encoder."""
    config = Config.fromfile(CONFIGS / f'hico_{args.encoder}_ntu60.py')
    clips = [clip['keypoint'] for clip in make_annotation(args.clips)['annotations']]
    model = init_model(config, device=args.device)
    memory = memory_beyond(lambda: extract(model, clips), args.device)
    features = compare(dict(hico_mm=lambda: extract(model, clips)), 1)['seconds']
    search = SkeletonSearch(model)
    start = time.perf_counter()
    search.add(clips)
    added = time.perf_counter() - start
    query = compare(dict(hico_mm=lambda: search.query(clips[0])), 9)['seconds']
    rows = [(f'extract, {args.clips} raw clips', features, 1),
            (f'search, gallery of {args.clips} raw clips', dict(hico_mm=added), 1),
            (f'search, a query among {args.clips} clips', query, 9)]
    found = [dict(stage='use', what=what, seconds=seconds, ratio={}, repeats=repeats)
             for what, seconds, repeats in rows]
    return [dict(found[0], peak_memory_gib=memory), *found[1:]]
