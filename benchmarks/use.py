"""What a user waits for outside of training: the start of commands, features of raw clips, a search."""

import argparse
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Dict, List, Sequence, Union

from mmengine.config import Config

from hico_mm.apis import SkeletonSearch, extract, init_model
from hico_mm.fileio import dump_pickle

from .measure import CONFIGS, ROOT, compare, config_on, make_annotation, memory_beyond
from .prepare import FRAMES, names, write_raw

FILES = 120


def run_commands(args: argparse.Namespace) -> List[dict]:
    """Measure commands as a whole, each in a process of its own.

    Most of the time goes into importing torch and MMAction2.
    The clips have NTU's length and 25 joints. The training has 64 clips, which is a single step.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'raw').mkdir()
        write_raw(folder / 'clip')
        for file in names(FILES):
            (folder / 'raw' / file).hardlink_to(folder / 'clip')
        annotation = make_annotation(96)
        dump_pickle(dict(annotation, split={name: annotation['split']['xsub_train'][:64] for name in
                                            ('xsub_train', 'xsub_val')}), folder / 'clips.pkl')
        config, checkpoint = folder / 'step.py', folder / 'w/epoch_1.pth'
        config_on(f'hico_{args.encoder}_ntu60.py', folder / 'clips.pkl').dump(config)
        commands: Dict[str, Sequence[Union[str, Path]]] = {
            'train --help': ['train', '--help'],
            'info': ['info'],
            f'convert, {FILES} files of {FRAMES} frames': ['convert', folder / 'raw', '--format', 'ntu60', '--out',
                                                           folder / 'converted.pkl'],
            'train, one step': ['train', config, '--epochs', '1', '--work-dir', folder / 'w', '--cfg-options',
                                'val_dataloader=None', 'val_cfg=None', 'val_evaluator=None'],
            'test, retrieval of 64 clips': ['test', config, checkpoint, '--work-dir', folder / 't'],
            'extract, 64 clips': ['extract', config, checkpoint, '--split', 'xsub_val', '--out', folder / 'f.npz'],
            'search index, 64 clips': ['search', 'index', checkpoint, '--ann-file', folder / 'clips.pkl', '--split',
                                       'xsub_val', '--out', folder / 'gallery.npz'],
            'search query': ['search', 'query', folder / 'gallery.npz', '--like', 'clip28'],
            'report, 64 clips': ['report', folder / 'w', '--out', folder / 'report.html']}
        return [dict(compare(dict(hico_mm=partial(_run, words)), min(args.repeats, 3), warm_up=0), stage='commands',
                     what=f'hico-mm {name}') for name, words in commands.items()]


def _run(words: Sequence[Union[str, Path]]) -> None:
    done = subprocess.run([sys.executable, '-m', 'hico_mm', *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f'hico-mm {" ".join(map(str, words))} failed: {(done.stdout + done.stderr)[-2000:]}')


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
