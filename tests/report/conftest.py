"""A pretraining run and a classifier on its encoder, of clips whose names try to break out of the page."""

import contextlib
import io
from pathlib import Path

import pytest
from mmaction.visualization import ActionVisualizer
from mmengine.logging import MessageHub, MMLogger
from mmengine.visualization import Visualizer

from hico_mm.cli.main import main
from hico_mm.fileio import dump_pickle
from tests.cli.mistakes import CONFIGS, inside
from tests.helpers import make_annotation

CLASSES = ['<script>alert(1)</script>', 'a & "b"', "it's </script> over", 'plain']
TITLE = 'Runs <b>&</b> more'


def quietly(*words):
    """Run a command; returns what it printed."""
    for kind in (MMLogger, MessageHub, Visualizer, ActionVisualizer):
        kind._instance_dict.clear()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = main(list(words))
    assert status == 0, printed.getvalue()[-2000:]
    return printed.getvalue()


@pytest.fixture(scope='session')
def work(tmp_path_factory):
    """The folder of the runs ``pretrain`` and ``linear``."""
    folder = tmp_path_factory.mktemp('report')
    annotation = make_annotation(per_class=10)
    annotation['classes'] = CLASSES
    names = [f'S001C00{1 + i % 3}P00{1 + i % 5}R001A0{i:02}' for i in range(40)]
    for clip, name in zip(annotation['annotations'], names):
        clip['frame_dir'] = name
    annotation['annotations'][30]['frame_dir'] = names[30] = 'S001C001P001R001A099<img src=x onerror=alert(2)>'
    annotation['split'] = dict(train=names[:20], val=names[20:])
    dump_pickle(annotation, folder / 'mine.pkl')
    with inside(folder):
        for task in ('pretrain', 'linear'):
            Path(f'{task}.py').write_text(CONFIGS[task])
        quietly('train', 'pretrain.py', '--work-dir', 'pretrain', '--seed', '0')
        quietly('train', 'linear.py', '--work-dir', 'linear', '--seed', '0', '--pretrained', 'pretrain/epoch_2.pth')
    return folder


@pytest.fixture(scope='session')
def said(work):
    """What the command says that writes ``report.html``."""
    with inside(work):
        return quietly('report', 'pretrain', 'linear', '--out', 'report.html', '--title', TITLE)


@pytest.fixture(scope='session')
def page(work, said):
    """The report of both runs."""
    return work / 'report.html'
