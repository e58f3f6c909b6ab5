"""Compare settings of pretraining on several datasets, without their test splits.

    python -m hico_mm.reproduction.sweep TABLE.py --out RUNS.jsonl

TABLE.py defines ``datasets``, ``settings`` and ``seeds``; docs/experiments/small.py is an example. A dataset is divided
into a part to train on and a held-out part to score; both come from its training split. A setting is a config with
changes. Each run appends one line to RUNS.jsonl, and runs that are already there are not repeated. At the end, a table
of means over seeds and datasets is printed, with standard errors. A setting with ``labels`` also trains on labelled
subsets; :mod:`hico_mm.reproduction.few_labels` says what it must contain.

With --test, the whole training split is used, and the test split is scored. This is for the figures that are reported
once all settings are chosen. Every line of RUNS.jsonl says which of the two it is.
"""

import argparse
import json
import math
import re
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..datasets.annotation import read_annotation
from ..datasets.checks import clip_name
from ..errors import UserError
from ..evaluation import EncodedClips, encode
from ..evaluation.probe import probe
from ..fileio import dump_pickle
from ..wiring import load_config
from . import few_labels
from .trial import build_trial, read_part

SCORES = ('knn', 'linear')


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
    parser.add_argument('--test', action='store_true', help='score the test splits, to report and not to choose')
    parser.add_argument('--datasets', nargs='+', metavar='NAME', help='datasets of the table; default: all')
    parser.add_argument('--settings', nargs='+', metavar='NAME', help='settings of the table; default: all')
    parser.add_argument('--seeds', nargs='+', type=int, metavar='N', help='seeds; default: those of the table')
    parser.add_argument('--points', type=int, metavar='N', help='also score N times during each training')
    parser.add_argument('--steps', type=int, metavar='N', help='training steps; default: those of the table')
    args = parser.parse_args(argv)
    table = choose(Config.fromfile(args.table), args)
    jobs = missing(table, args.out)
    first, parts = map(int, args.part.split('/'))
    with Progress() as progress, tempfile.TemporaryDirectory() as folder:
        for job in progress.track(jobs[first - 1::parts], description='runs'):
            split = f'tested on split "{table.datasets[job.dataset].test}"' if args.test else \
                'the test split is not read'
            progress.console.print(f'{job.dataset}, {job.setting}, seed {job.seed}: {split}')
            append(args.out, run(table, job, Path(folder), args.test))
    show(list(read(args.out)), Console())


def choose(table: Config, args: argparse.Namespace) -> Config:
    """Keep the chosen datasets, settings, seeds and steps of a table, and check it.

    Raises:
        UserError: if it does not have one of them; if a dataset has no test split, which ``--test`` needs; or if
            :func:`check_runs` refuses the runs in the file.
    """
    for key, names in (('datasets', args.datasets), ('settings', args.settings)):
        unknown = [name for name in names or () if name not in table[key]]
        if unknown:
            raise UserError(f'{args.table} has no {unknown[0]} in {key}: it has {", ".join(table[key])}')
        if names:
            table[key] = {name: table[key][name] for name in names}
    untested = [name for name, data in table.datasets.items() if args.test and 'test' not in data]
    if untested:
        raise UserError(f'{args.table}: the dataset {untested[0]} has no "test", the name of its test split')
    for data in table.datasets.values():
        if args.test and 'distinct' in data:
            read_annotation(data['ann_file']).of_split(data['distinct'])  # refused now rather than after the training
    if args.points is not None and args.points < 1:
        raise UserError(f'--points must be at least 1, got {args.points}')
    table.seeds, table.steps, table.points = args.seeds or table.seeds, args.steps or table.steps, args.points
    check_runs(table, args.out, args.test)
    return table


def check_runs(table: Config, out: Path, test: bool) -> None:
    """Check that the runs of a file can stand beside those that the table asks for.

    Raises:
        UserError: if they have other steps, are on other splits, or have no scores during the training although these
            are asked for.
    """
    rows = list(read(out))
    mine = [row for row in rows if row['setting'] in table.settings]
    others = [row for row in mine if row['asked'] != steps_of(table, row['setting'])]
    if others:
        raise UserError(f'{out} has a run of {others[0]["setting"]} with {others[0]["asked"]} steps, not '
                        f'{steps_of(table, others[0]["setting"])}: choose another --out')
    if any(row['tested'] != test for row in rows):
        raise UserError(f'{out} has runs {"without" if test else "with"} --test: choose another --out')
    flat = [row for row in mine if table.points and row['steps'] and 'curve' not in row]
    if flat:
        raise UserError(f'{out} has a run of {flat[0]["setting"]} without scores during the training: choose another '
                        '--out')


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


def steps_of(table: Config, setting: str) -> int:
    """Return the number of training steps that a setting asks for; whole epochs are trained."""
    wanted = table.settings[setting]
    return 0 if wanted.get('raw') else wanted.get('steps', table.steps)


def run(table: Config, job: Job, folder: Path, test: bool = False) -> dict:
    """Pretrain with a setting on the first part of a dataset, and score the frozen encoder on the second.

    The parts are those of its training split or, with ``test``, its training and its test split.
    """
    data, setting = table.datasets[job.dataset], table.settings[job.setting]
    ann_file = divide(job.dataset, data, folder, test)
    began = time.perf_counter()
    steps = steps_of(table, job.setting)
    runner = build(data, setting, steps, job.seed, ann_file, folder)
    curve: List[dict] = []
    if steps:
        if table.get('points'):
            runner.register_hook(ScoreHook(curve, table.points), 'LOWEST')
        runner.train()
    fit, held = encoded(runner)
    scores = dict(probe(fit.features, fit.labels, held.features, held.labels))
    if test and 'distinct' in data:
        names = {clip_name(clip) for clip in read_annotation(data['ann_file']).of_split(data['distinct'])}
        kept = torch.tensor([sample.frame_dir in names for sample in held.samples])
        distinct = probe(fit.features, fit.labels, held.features[kept], held.labels[kept])
        scores.update({f'{name}_distinct': value for name, value in distinct.items()})
    more: dict = dict(curve=curve) if curve else {}
    if 'labels' in setting:
        more['plan'] = setting['labels'].to_dict()
        more['labels'] = few_labels.train_with_few_labels(runner, fit, held, setting['labels'])
    facts = dict(tested=test, asked=steps, steps=runner.iter, seconds=round(time.perf_counter() - began, 1),
                 torch=torch.__version__, date=time.strftime('%Y-%m-%d'), base=setting['base'],
                 options=dict(setting.get('options', {})), **more)
    return dict(job._asdict(), **facts, **percent(scores))


def percent(scores: Dict[str, float]) -> Dict[str, float]:
    """Return accuracies in %."""
    return {name: round(100 * value, 2) for name, value in scores.items()}


def encoded(runner: Runner) -> Tuple[EncodedClips, EncodedClips]:
    """Return the features of the clips to train on, and of the held-out clips."""
    fit, held = (encode(runner.model, runner.build_dataloader(read_part(runner.cfg, part)), title=part)
                 for part in ('fit', 'held'))
    return fit, held


class ScoreHook(Hook):
    """Score the encoder during the training, to see how the scores depend on its length.

    Args:
        curve: List to append to: ``step`` and the scores, in %.
        points: Number of times, evenly spaced; the last is at the end of the training.
    """

    def __init__(self, curve: List[dict], points: int) -> None:
        self.curve, self.points = curve, points

    def after_train_epoch(self, runner: Runner) -> None:
        """Score the encoder at the end of each part of the training."""
        done, before = (epoch * self.points // runner.max_epochs for epoch in (runner.epoch + 1, runner.epoch))
        if done > before:
            with torch.random.fork_rng(devices=[]):  # loaders draw from it
                fit, held = encoded(runner)
            scores = probe(fit.features, fit.labels, held.features, held.labels)
            self.curve.append(dict(step=runner.iter, **percent(scores)))


def divide(name: str, data: dict, folder: Path, test: bool = False) -> Path:
    """Write a dataset with the splits ``fit`` and ``held``, and return the file.

    They are parts of its training split or, with ``test``, its training and its test split.

    Raises:
        UserError: if one of the parts is empty.
    """
    path = folder / f'{name}.pkl'
    if test and not path.exists():
        annotation = read_annotation(data['ann_file'])
        parts = {part: annotation.of_split(data[key]) for part, key in (('fit', 'split'), ('held', 'test'))}
        split = {part: [clip_name(clip) for clip in clips] for part, clips in parts.items()}
        dump_pickle(dict(split=split, annotations=[*parts['fit'], *parts['held']]), path)
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
    """Build the runner of a setting."""
    config = load_config(setting['base'], (), dict(data.get('options', {})))
    config.merge_from_dict(dict(setting.get('options', {})))
    if setting.get('raw'):
        parts = {part: config.model[part] for part in ('data_preprocessor', 'cls_head')}
        config.model = dict(type='SkeletonRecognizer', backbone=dict(type='RawCoordinates'), **parts)
    config.train_dataloader.dataset.update(ann_file=str(ann_file), split='fit', layout=data['layout'])
    config.model.data_preprocessor.layout = data['layout']
    config.model.cls_head.num_classes = data['num_classes']
    config.merge_from_dict(dict(val_dataloader=None, val_cfg=None, val_evaluator=None))
    return build_trial(config, steps, len(read_annotation(ann_file).of_split('fit')), seed, folder / 'run')


def show(rows: List[dict], console: Console) -> None:
    """Print the mean of each setting on each dataset, and over datasets, with standard errors over seeds."""
    datasets = list(dict.fromkeys(row['dataset'] for row in rows))
    table = Table('setting', *datasets, 'all', title='k-NN / linear in %, mean and standard error over seeds')
    for setting in dict.fromkeys(row['setting'] for row in rows):
        mine = [row for row in rows if row['setting'] == setting]
        cells = [summary([row for row in mine if row['dataset'] == dataset]) for dataset in datasets]
        table.add_row(setting, *cells, summary(mine) if all(cells) else '')
    console.print(table)
    for dataset in datasets:
        labelled = [row for row in rows if row['dataset'] == dataset and 'labels' in row]
        if labelled:
            console.print(table_of_labels(labelled, f'{dataset}: labelled subsets, in %'))


def table_of_labels(rows: List[dict], title: str) -> Table:
    """Return a table of the accuracies with few labels, as means and standard deviations over seeds and draws."""
    table = Table('setting', 'clips', 'steps', 'frozen, k-NN', 'frozen, linear', 'finetuned', title=title)
    found: Dict[tuple, List[list]] = {}
    for row in rows:
        for part in row['labels']:
            scores = [part[score] for score in few_labels.SCORES]
            found.setdefault((row['setting'], part['clips'], part['steps']), []).append(scores)
    for (setting, clips, steps), scores in sorted(found.items()):
        means, deviations = np.mean(scores, 0), np.std(scores, 0)
        table.add_row(setting, str(clips), str(steps), *(f'{mean:.1f}±{deviation:.1f}'
                                                         for mean, deviation in zip(means, deviations)))
    return table


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
