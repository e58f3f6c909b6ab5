"""The worked example of docs/extending.md: files of a user, in a folder of the user's, by the command lines."""

import importlib
import re
import shlex

import pytest
import torch

from hico_mm.checkpoints import load_checkpoint
from hico_mm.fileio import dump_pickle
from tests.conftest import ROOT
from tests.helpers import make_annotation
from tests.scripts import run_script

TEXT = (ROOT / 'docs' / 'extending.md').read_text()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('user')
    names = re.findall(r'^`(my_\w+\.py)`', TEXT, re.MULTILINE)
    for name, content in zip(names, re.findall(r'```python\n(.*?)```', TEXT, re.DOTALL)):
        (folder / name).write_text(content.replace('HICO', str(ROOT)))
    annotation = make_annotation(per_class=8, num_classes=10)
    annotation['split'] = {f'xsub_{name}': clips for name, clips in annotation['split'].items()}
    dump_pickle(annotation, folder / 'data/demo/demo.pkl')
    return folder


@pytest.mark.parametrize('config', ['my_hico.py', 'my_graph.py'])
def test_the_commands(folder, config):
    commands = re.findall(r'^python HICO/(\S+) my_hico\.py ([^#\n]+)', TEXT, re.MULTILINE)
    assert [tool for tool, _ in commands] == ['tools/train.py', 'tools/test.py']
    for tool, args in commands:
        words = shlex.split(args.replace('W', config[:-3]).replace('epoch_150', 'epoch_1'))
        options = ['--epochs', '1', '--cfg-options', 'train_dataloader.batch_size=16'] if 'train' in tool else []
        printed = run_script(folder, ROOT / tool, config, *words, *options, PYTHONPATH='.')
    assert re.search(r'acc/top1: [01]\.', printed)
    weights = load_checkpoint(folder / config[:-3] / 'epoch_1.pth')['state_dict']
    assert weights['neck.pyramids.temporal.encoder.conv.weight'].shape == (128, 128, 3)
    assert ('backbone.graph' in weights) == (config == 'my_graph.py')


def test_the_augmentation_mirrors_some_clips(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))  # as PYTHONPATH does in the example
    transform = importlib.import_module('my_parts').RandomMirror()
    clips = torch.randn(64, 2, 4, 25, 3)
    parameters = transform.draw(64, torch.Generator().manual_seed(0))
    mirrored = transform.apply(clips, parameters)
    assert torch.equal(mirrored[..., 1:], clips[..., 1:])
    flipped = (mirrored[..., 0] == -clips[..., 0]).flatten(1).all(1)
    assert torch.equal(flipped, parameters['mirrored']) and 16 < int(flipped.sum()) < 48
