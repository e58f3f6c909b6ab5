"""What tests share: tiny data, runs of a tiny model, tools, the released code's figures."""

import gc
import signal
from pathlib import Path
from types import SimpleNamespace

import mmengine.config.config
import mmengine.dataset.base_dataset
import pytest
import torch
from mmaction.visualization import ActionVisualizer
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import init_default_scope
from mmengine.visualization import Visualizer

import hico_mm  # noqa: F401
from hico_mm.engine.console import QuietRunner
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation, small_model

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT.parent / 'shared' / 'golden'

# Formatting each config twice, and collecting garbage for each dataset, takes half of a tiny run.
mmengine.config.config.FormatCode = lambda text, **kwargs: (text, False)
mmengine.dataset.base_dataset.gc = SimpleNamespace(collect=lambda: 0)
gc.freeze()


def pytest_collection_modifyitems(items):
    """Begin with the files of this folder, whose tests take longest: idle processes take the last tests of others."""
    items.sort(key=lambda item: item.path.parent != ROOT / 'tests')


def forget_runs():
    """Forget the loggers and visualizers of earlier runs, so that no run waits for the next second."""
    for kind in (MMLogger, MessageHub, Visualizer, ActionVisualizer):
        kind._instance_dict.clear()


@pytest.fixture(autouse=True)
def _quiet_and_seeded():
    forget_runs()
    init_default_scope('mmaction')
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _signals_of_a_terminal():
    """Signals as a terminal gives them: in the background, or under nohup, some are ignored."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


@pytest.fixture
def golden():
    """The folder with figures of the released code; tests that need it are skipped without."""
    if not GOLDEN.is_dir():
        pytest.skip('the released code\'s figures are not here')
    return GOLDEN


@pytest.fixture
def command(capsys):
    """Run the ``main`` of a command; returns its exit status, and what it printed to either stream."""

    def run(main, *args):
        forget_runs()  # a command has a process of its own
        status = main(list(map(str, args)))
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def annotation_file(tmp_path):
    """A factory: the arguments of ``make_annotation`` -> path of the pickle."""

    def make(**kwargs):
        path = tmp_path / 'annotation.pkl'
        dump_pickle(make_annotation(**kwargs), path)
        return path

    return make


@pytest.fixture(autouse=True)
def full_log(monkeypatch):
    """Print the full log, which tests look into."""
    monkeypatch.setenv('HICO_MM_VERBOSE', '1')


@pytest.fixture
def make_runner(tmp_path, annotation_file):
    """A factory: pretraining or, with ``head``, training of a classifier, for an epoch or more."""
    path = str(annotation_file())

    def make(name, epochs=1, workers=0, model=None, load_from=None, loop='ResumableTrainLoop', seed=0, **changes):
        def loader(split, shuffle):
            return dict(
                batch_size=5, num_workers=workers, collate_fn=dict(type='skeleton_collate'),
                sampler=dict(type='DefaultSampler', shuffle=shuffle),
                dataset=dict(type='SkeletonDataset', ann_file=path, split=split, layout='ntu'))

        config = Config(dict(
            default_scope='mmaction', work_dir=str(tmp_path / name), experiment_name=name,
            model=model or small_model(), load_from=load_from, randomness=dict(seed=seed),
            train_dataloader=dict(loader('train', True), drop_last=True), val_dataloader=loader('val', False),
            test_dataloader=loader('val', False), train_cfg=dict(type=loop, max_epochs=epochs),
            val_cfg=dict(), test_cfg=dict(),
            val_evaluator=dict(type='AccMetric'), test_evaluator=dict(type='AccMetric'),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
            param_scheduler=[dict(type='MultiStepLR', milestones=[1])],
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', interval=1, save_best='acc/top1'),
                step_seed=dict(type='StepSeedHook'), gallery=dict(type='GalleryHook'),
                checkpoint_fit=dict(type='CheckpointFitHook'), exact_resume=dict(type='ExactResumeHook'),
                interrupt=dict(type='InterruptHook'), frozen_weights=dict(type='FrozenWeightsHook'),
                checkpoint_description=dict(type='CheckpointDescriptionHook'))))
        config.merge_from_dict(changes)
        return QuietRunner.from_cfg(config)

    return make


@pytest.fixture
def linear_model():
    """Config of a frozen encoder, that of ``small_model``, with a classifier."""
    model = small_model()
    return dict(
        type='SkeletonRecognizer', frozen=('backbone', 'neck'), backbone=model.backbone, neck=model.neck,
        cls_head=dict(type='HierarchicalClsHead', num_classes=4, in_channels=128),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', test_views=model.data_preprocessor.test_views))
