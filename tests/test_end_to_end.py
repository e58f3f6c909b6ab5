"""From made clips to accuracies, by the command lines a user types."""

import json
import re

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hico_mm.structures import LEVELS
from tests.conftest import ROOT
from tests.helpers import UPRIGHT, make_demo
from tests.scripts import TOOLS, run_script

EPOCHS = 20
WIDTH = 'model.backbone.channels=64'


@pytest.fixture(scope='module')
def tool(tmp_path_factory):
    """Run a tool in a folder of its own that holds the demo data; returns what it printed."""
    folder = tmp_path_factory.mktemp('user')

    def run(script, *args):
        return run_script(folder, TOOLS / script, *args)

    run.sizes = make_demo(run, 8)
    run('train.py', PRETRAIN, '--seed', 0, '--work-dir', 'pretrain', '--epochs', EPOCHS, '--cfg-options', WIDTH,
        'train_dataloader.batch_size=32')
    run.folder = folder
    return run


CONFIGS = ROOT / 'configs' / 'hico'
PRETRAIN, LINEAR, KNN = (CONFIGS / name for name in (
    'demo/hico_lstm_demo.py', 'linear/hico_demo_linear.py', 'knn/hico_demo_knn.py'))


def accuracy(printed):
    return float(re.findall(r'acc/top1: ([0-9.]+)', printed)[-1])


def test_the_trained_encoder_beats_the_untrained_one(tool):
    untrained = accuracy(tool('test.py', PRETRAIN, 'none', '--seed', 0, '--cfg-options', WIDTH))
    trained = tool('test.py', KNN, f'pretrain/epoch_{EPOCHS}.pth')
    assert f'k-NN: k=1, cosine, gallery of {tool.sizes["xsub_train"]} training clips' in trained
    assert accuracy(trained) > untrained + 0.05
    during = accuracy((next(tool.folder.glob('pretrain/*/*.log'))).read_text())
    assert during == accuracy(trained)  # validation in pretraining is the same measurement


def test_linear_evaluation_saves_a_recognizer_that_test_py_tests(tool):
    pretrained = f'pretrain/epoch_{EPOCHS}.pth'
    printed = tool('train.py', LINEAR, '--pretrained', pretrained, '--work-dir', 'linear')
    last, best = map(float, re.search(r'last epoch ([0-9.]+) %, best epoch ([0-9.]+) %', printed).groups())
    retrieval = float(re.search(r'k-NN of the same features: ([0-9.]+) %', printed)[1]) / 100
    assert retrieval == pytest.approx(accuracy(tool('test.py', KNN, pretrained)), abs=1e-4)
    tested = tool('test.py', LINEAR, 'linear/epoch_80.pth', '--dump', 'scores.pkl')
    assert accuracy(tested) == pytest.approx(last / 100, abs=1e-4) and last > 50 and best >= last
    scalars = [json.loads(line) for line in
               next(tool.folder.glob('pretrain/*/vis_data/scalars.json')).read_text().splitlines()]
    assert {'loss_clip', 'acc_part', 'loss_temporal', 'acc_instance'} <= set(scalars[0])
    events = EventAccumulator(str(next(tool.folder.glob('pretrain/*/vis_data/events.out.tfevents*')))).Reload()
    logged = set(events.Tags()['scalars'])
    assert {f'{kind}_{level}' for kind in ('loss', 'acc') for level in LEVELS} <= logged
    assert (tool.folder / 'scores.pkl').stat().st_size > 0


def test_mmaction2s_own_tools_run_our_configs(tool):
    import mmaction
    stock, pretrained = f'{mmaction.__path__[0]}/.mim/tools', f'pretrain/epoch_{EPOCHS}.pth'
    for base in KNN, LINEAR:  # the stock tools do not take the preparation of the clips from the checkpoint
        (tool.folder / base.name).write_text(UPRIGHT.format(base))
    assert accuracy(tool(f'{stock}/test.py', KNN.name, pretrained, '--cfg-options',
                         f'model.pretrained={pretrained}')) > 0.3
    options = ('--cfg-options', f'model.pretrained={pretrained}', 'train_cfg.max_epochs=5')
    printed = tool(f'{stock}/train.py', LINEAR.name, '--work-dir', 'stock', *options)
    assert 'linear evaluation: last epoch' in printed and (tool.folder / 'stock' / 'epoch_5.pth').exists()
