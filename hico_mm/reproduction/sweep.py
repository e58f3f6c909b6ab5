"""Compare settings of pretraining on several datasets, without their test splits.

    python -m hico_mm.reproduction.sweep TABLE.py --out RUNS.jsonl

TABLE.py defines ``datasets``, ``settings`` and ``seeds``; docs/experiments/small.py is an example. A dataset is divided
into a part to train on and a held-out part to score; both come from its training split. A setting is a config with
changes. Each run appends one line to RUNS.jsonl, and runs that are already there are not repeated. At the end, a table
of means over seeds and datasets is printed, with standard errors.
"""

import argparse
import json
import logging
import math
import re
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..datasets.annotation import read_annotation
from ..datasets.checks import clip_name
from ..engine.launch import build_runner
from ..errors import UserError
from ..evaluation import encode
from ..evaluation.probe import probe
from ..fileio import dump_pickle
from ..wiring import complete_config, load_config, scale_schedule

SCORES = ('knn', 'linear')
UNUSED_HOOKS = ('checkpoint', 'checkpoint_description', 'gallery', 'exact_resume', 'interrupt')


class Job(NamedTuple):
    """A run: the names of a dataset and a setting in the table, and a seed."""

    dataset: str
    setting: str
    seed: int


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(prog='python -m hico_mm.reproduction.sweep', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', help='Python file with datasets, settings and seeds')
    parser.add_argument('--out', type=Path, required=True, help='JSON lines to read and to append to')
    parser.add_argument('--part', default='1/1', metavar='I/N',
                        help='run every N-th of the missing runs, beginning with the I-th, to share the work')
    args = parser.parse_args(argv)
    table = Config.fromfile(args.table)
    jobs = missing(table, args.out)
    first, parts = map(int, args.part.split('/'))
    with Progress() as progress, tempfile.TemporaryDirectory() as folder:
        for job in progress.track(jobs[first - 1::parts], description='runs'):
            progress.console.print(f'{job.dataset}, {job.setting}, seed {job.seed}: the test split is not read')
            append(args.out, run(table, job, Path(folder)))
    show(list(read(args.out)), Console())


def missing(table: Config, out: Path) -> List[Job]:
    """Return the runs that are not in a file yet, seed by seed."""
    done = {Job(row['dataset'], row['setting'], row['seed']) for row in read(out)}
    wanted = (Job(dataset, setting, seed) for seed in table.seeds for setting in table.settings
              for dataset in table.datasets)
    return [job for job in wanted if job not in done]


def read(out: Path) -> Iterator[dict]:
    """Yield the rows of a file of runs; a last line that was cut off is left out."""
    for line in out.read_text().splitlines() if out.exists() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def append(out: Path, row: dict) -> None:
    """Append a row with a single write, since several processes may do so."""
    with out.open('a') as file:
        file.write(json.dumps(row) + '\n')


def run(table: Config, job: Job, folder: Path) -> dict:
    """Pretrain with a setting on the first part of a dataset, and score the frozen encoder on the second."""
    data, setting = table.datasets[job.dataset], table.settings[job.setting]
    ann_file = hold_out(job.dataset, data, folder)
    began = time.perf_counter()
    steps = setting.get('steps', table.steps)
    runner = build(data, setting, steps, job.seed, ann_file, folder)
    if steps:
        runner.train()
    fit, held = (encode(runner.model, runner.build_dataloader(loader_of(runner.cfg, part)), title=part)
                 for part in ('fit', 'held'))
    scores = probe(fit.features, fit.labels, held.features, held.labels)
    return dict(job._asdict(), steps=runner.iter, seconds=round(time.perf_counter() - began, 1),
                torch=torch.__version__, date=time.strftime('%Y-%m-%d'), options=dict(setting.get('options', {})),
                base=setting['base'],
                **{name: round(100 * value, 2) for name, value in scores.items()})


def hold_out(name: str, data: dict, folder: Path) -> Path:
    """Write the training split of a dataset, divided into ``fit`` and ``held``, and return the file.

    Raises:
        UserError: if one of the parts is empty.
    """
    path = folder / f'{name}.pkl'
    if not path.exists():
        clips = read_annotation(data['ann_file']).of_split(data['split'])
        held = [bool(re.search(data['held'], str(clip_name(clip)))) for clip in clips]
        if not 0 < sum(held) < len(held):
            raise UserError(f'{data["ann_file"]}: the pattern {data["held"]} of {name} holds out {sum(held)} of the '
                            f'{len(held)} clips of split "{data["split"]}": choose one that matches some of the names')
        split = {part: [clip_name(clip) for clip, out in zip(clips, held) if out == (part == 'held')]
                 for part in ('fit', 'held')}
        dump_pickle(dict(split=split, annotations=clips), path)
    return path


def build(data: dict, setting: dict, steps: int, seed: int, ann_file: Path, folder: Path) -> Runner:
    """Build the runner of a setting, without workers, logs and checkpoints."""
    config = load_config(setting['base'], (), dict(data.get('options', {})))
    config.merge_from_dict(dict(setting.get('options', {})))
    train = config.train_dataloader
    for loader, part in ((train, 'fit'), (config.val_dataloader, 'held')):
        loader.dataset.update(ann_file=str(ann_file), split=part, layout=data['layout'])
        loader.update(num_workers=0, persistent_workers=False)
    config.model.data_preprocessor.layout = data['layout']
    config.model.cls_head.num_classes = data['num_classes']
    clips = len(read_annotation(ann_file).of_split('fit'))
    train.batch_size = min(train.batch_size, clips)
    scale_schedule(config, max(1, math.ceil(steps / (clips // train.batch_size))))
    config.merge_from_dict(dict(
        work_dir=str(folder / 'run'), log_level='ERROR', visualizer=None, val_dataloader=None, val_cfg=None,
        val_evaluator=None, test_dataloader=None, test_cfg=None, test_evaluator=None, randomness=dict(seed=seed),
        **{f'default_hooks.{hook}': None for hook in UNUSED_HOOKS}))
    complete_config(config)
    runner = build_runner(config, 'sweep')
    runner.logger.setLevel(logging.ERROR)
    return runner


def loader_of(config: Config, part: str) -> dict:
    """Return the config of a loader that reads a part in order."""
    loader = config.train_dataloader.to_dict()
    loader['dataset'].update(split=part)
    return {**loader, 'drop_last': False, 'sampler': dict(type='DefaultSampler', shuffle=False)}


def show(rows: List[dict], console: Console) -> None:
    """Print the mean of each setting on each dataset, and over datasets, with standard errors over seeds."""
    datasets = list(dict.fromkeys(row['dataset'] for row in rows))
    table = Table('setting', *datasets, 'all', title='k-NN / linear in %, mean and standard error over seeds')
    for setting in dict.fromkeys(row['setting'] for row in rows):
        mine = [row for row in rows if row['setting'] == setting]
        cells = [summary([row for row in mine if row['dataset'] == dataset]) for dataset in datasets]
        table.add_row(setting, *cells, summary(mine) if all(cells) else '')
    console.print(table)


def summary(rows: List[dict]) -> str:
    """Return the mean of both scores over datasets, with standard errors over seeds if there are several."""
    by_seed: Dict[int, List[Tuple[float, ...]]] = {}
    for row in rows:
        by_seed.setdefault(row['seed'], []).append(tuple(row[score] for score in SCORES))
    sizes = {len(values) for values in by_seed.values()}
    if len(sizes) != 1:
        return ''  # seeds on different datasets cannot be compared
    means: Any = np.array([np.mean(values, 0) for values in by_seed.values()])
    if len(means) == 1:
        return ' / '.join(f'{value:.1f}' for value in means[0])
    errors = means.std(0, ddof=1) / math.sqrt(len(means))
    return ' / '.join(f'{value:.1f}±{error:.1f}' for value, error in zip(means.mean(0), errors))


if __name__ == '__main__':
    main()
