"""Benchmarks of pretraining, linear evaluation, retrieval, and validation during pretraining."""

import argparse
import logging
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from hico_mm.evaluation import EncodedClips, encode, encode_batch
from hico_mm.fileio import dump_pickle
from hico_mm.models.heads import KNNHead

from .measure import CONFIGS, compare, config_on, make_annotation, memory_beyond

TRAIN, TEST, WIDTH = 40091, 16487, 4096  # training and test clips of NTU-60 x-sub, channels of a feature


def build_runner(name: str, clips: int, folder: str, **options: Any) -> Runner:
    """Build a runner of a config that prints nothing and uses generated clips."""
    ann_file = Path(folder) / f'{clips}.pkl'
    dump_pickle(make_annotation(clips), ann_file)
    config: Config = config_on(name, ann_file)
    config.merge_from_dict(dict(
        work_dir=folder, log_level='ERROR', visualizer=None, randomness=dict(seed=0),
        **{'default_hooks.checkpoint': None, 'default_hooks.frozen_weights.allow_untrained': True, **options}))
    runner = Runner.from_cfg(config)
    runner.logger.setLevel(logging.ERROR)
    return runner


def run_linear(args: argparse.Namespace) -> List[dict]:
    """Measure linear evaluation with encoding once, and with encoding in every epoch as in the released code."""
    with tempfile.TemporaryDirectory() as folder:
        runner = build_runner('linear/hico_ntu60_linear.py', args.clips, folder)
        loop: Any = runner.train_loop
        model, epochs = loop.model, loop.max_epochs

        def plain_epoch() -> None:
            """Encode all clips as the plain path does in every epoch; otherwise both paths are the same."""
            for loader in loop.clip_loader, runner.val_dataloader:
                for batch in loader:
                    encode_batch(model, batch)

        start = time.perf_counter()
        runner.train()
        ours = time.perf_counter() - start
        plain = compare(dict(plain=plain_epoch), 1)['seconds']['plain']
        rate = plain / args.clips
        rows = [dict(stage='linear', what=f'{epochs} epochs, {args.clips} clips', repeats=1,
                     seconds=dict(plain=epochs * plain + ours - plain, hico_mm=ours),
                     ratio=dict(plain=(epochs * plain + ours - plain) / ours),
                     note=f'plain: one epoch of encoding was measured and multiplied by {epochs}')]
        classifier, memory = full_size(loop)
    whole = rate * (TRAIN + TEST)
    return rows + [dict(stage='linear', what=f'{epochs} epochs, {TRAIN} + {TEST} clips, from its parts', repeats=1,
                        seconds=dict(plain=epochs * (whole + classifier), hico_mm=whole + epochs * classifier),
                        ratio=dict(plain=epochs * (whole + classifier) / (whole + epochs * classifier)),
                        peak_memory_gib=memory,
                        note=f'encoding takes {rate * 1e3:.1f} ms per clip, the classifier {classifier:.2f} s per '
                        'epoch on features of full size; the memory is that of the classifier and these features')]


def full_size(loop: Any) -> Tuple[float, float]:
    """Train and score the classifier on as many features as in NTU-60; return seconds per epoch and memory in GiB."""
    samples = loop.features.clips.samples

    def epoch() -> None:
        loop.run_epoch()
        loop.evaluate()

    def first_epoch() -> None:
        loop.features.clips, loop.test = (
            EncodedClips(torch.randn(n, WIDTH), (samples * (n // len(samples) + 1))[:n]) for n in (TRAIN, TEST))
        loop.features.size = loop.dataloader.sampler.size = TRAIN
        epoch()

    memory = memory_beyond(first_epoch)
    return compare(dict(epoch=epoch), 3)['seconds']['epoch'], memory


def run_knn(args: argparse.Namespace) -> List[dict]:
    """Measure nearest-neighbour search by cosine similarity, compared with scikit-learn's brute-force search."""
    from sklearn.neighbors import KNeighborsClassifier
    queries, gallery = torch.randn(args.queries, WIDTH), torch.randn(args.gallery, WIDTH)
    labels = torch.arange(args.gallery) % 60
    answers: Dict[str, list] = {}

    def sklearn() -> None:
        nearest = KNeighborsClassifier(1, metric='cosine', algorithm='brute').fit(gallery.numpy(), labels.numpy())
        answers['sklearn'] = nearest.predict(queries.numpy()).tolist()

    def ours() -> None:
        head = KNNHead(60)
        head.set_gallery(gallery.to(args.device), labels.to(args.device))
        answers['hico_mm'] = head(queries.to(args.device)).argmax(1).tolist()

    row = compare(dict(sklearn=sklearn, hico_mm=ours), min(args.repeats, 3))
    memory = {name: memory_beyond(path, args.device) for name, path in (('sklearn', sklearn), ('hico_mm', ours))}
    given = (queries.nbytes + gallery.nbytes) / 2 ** 30
    same = sum(a == b for a, b in zip(*answers.values())) / args.queries
    return [dict(row, stage='knn', what=f'{args.queries} queries, gallery of {args.gallery}, {WIDTH} channels',
                 peak_memory_gib=memory['hico_mm'] + given,
                 note=f'{same:.2%} equal answers; scikit-learn takes {memory["sklearn"] + given:.2f} GiB; both include '
                 'the features')]


def run_validation(args: argparse.Namespace) -> List[dict]:
    """Measure encoding in a validation, relative to the training epochs between two validations."""
    with tempfile.TemporaryDirectory() as folder:
        runner = build_runner('hico_gru_ntu60.py', args.clips, folder)
        loop: Any = runner.train_loop
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        batches = list(loop.dataloader)[:4]

        def epochs() -> None:
            for batch in batches:
                runner.model.train_step(dict(batch), runner.optim_wrapper)

        training = compare(dict(steps=epochs), 3)['seconds']['steps'] / len(batches) * TRAIN / 64
        encoding = compare(dict(encode=lambda: encode(runner.model, runner.val_loop.dataloader)), 1)
        seconds = encoding['seconds']['encode'] / len(runner.val_loop.dataloader.dataset) * (TRAIN + TEST)
    interval = runner.cfg.train_cfg.val_interval
    return [dict(stage='validation', what='NTU-60 x-sub, from a step and the encoding of a clip', repeats=3, ratio={},
                 seconds=dict(epoch=training, hico_mm=seconds),
                 note=f'{seconds / (interval * training):.1%} of the {interval} training epochs between two '
                 'validations; `knn` measures the comparison of features')]


def run_pretraining(args: argparse.Namespace) -> List[dict]:
    """Measure three epochs of the whole runner, with data loading, after a warm-up epoch; estimate a whole run."""
    config, precision = f'hico_{args.encoder}_ntu60.py', 'bf16' if args.amp else 'fp32'
    with tempfile.TemporaryDirectory() as folder:
        runner = build_runner(config, args.clips, folder, **{
            'train_cfg.max_epochs': 4, 'train_cfg.val_begin': 5, 'train_dataloader.batch_size': args.batch_size,
            'train_dataloader.num_workers': 2, 'train_dataloader.persistent_workers': True,
            'optim_wrapper.type': 'Bf16OptimWrapper' if args.amp else 'OptimWrapper'})
        runner.train()
        steps = len(runner.train_dataloader)
        step, loading = (float(runner.message_hub.get_scalar(f'train/{name}').data[0][steps:].mean())
                         for name in ('time', 'data_time'))
    epochs = Config.fromfile(CONFIGS / config).train_cfg.max_epochs
    epoch = TRAIN // args.batch_size * step
    return [dict(stage='pretraining', repeats=1,
                 what=f'{args.encoder}, {precision}, 3 epochs of {steps} steps of {args.batch_size} clips',
                 seconds=dict(loading=loading, step=step, epoch=epoch, whole=epochs * epoch),
                 ratio={}, note=f'{loading / step:.1%} of a step is spent waiting for data; epoch and whole ({epochs} '
                 f'epochs without validation) are extrapolated from the step to {TRAIN} clips')]
