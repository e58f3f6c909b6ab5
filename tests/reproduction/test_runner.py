"""Steps of `reproduce.py` that fail, are interrupted, or lose their score; small scripts stand in for training."""

import json
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.progress import Progress

from hico_mm.reproduction.runner import StepRunner, check_same

SCORE = '''
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1]); run = folder / 'run{run}' / 'vis_data'; run.mkdir(parents=True)
(run / 'scalars.json').write_text(json.dumps({{'acc/top1': 0.25, 'acc/mean1': 0.5, 'step': 1}}) + chr(10)
    + json.dumps({{'loss': 1.0, 'step': 2}}) + chr(10)
    + json.dumps({{'acc/top1': {top1}, 'acc/mean1': 0.5, 'step': 2}}))
(folder / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'))
(folder / 'epoch_2.pth').write_text('')
'''


def run_script(words):
    sys.argv = words[1:]
    exec(words[1], {})
    return 0


@pytest.fixture
def runner(tmp_path):
    progress = Progress(disable=True)
    return StepRunner(tmp_path, 1, progress, progress.add_task('all'), run_script)


@pytest.fixture
def make_step(runner):
    """A factory: script and options -> a step that runs it."""

    def make(task, script, source=None, arguments=('--epochs', '2')):
        folder = runner.out / task
        return SimpleNamespace(
            name=task, task=task, tool='train', source=source and Path(source), options=dict(options=arguments),
            draw=None, setting=SimpleNamespace(_asdict=lambda: dict(seed=0)),
            command=lambda out: ['train', script, str(folder)])

    return make


def result(runner, task):
    path = runner.out / task / 'result.json'
    return json.loads(path.read_text()) if path.exists() else None


def test_a_failure_takes_only_what_starts_from_it(runner, make_step):
    good = SCORE.format(run=0, top1=0.75)
    runner.lane([make_step('linear', 'raise SystemExit("no memory")'), make_step('dump', good, 'linear/epoch_2.pth'),
                 make_step('finetune', good)])
    assert runner.failed and result(runner, 'linear') is None and result(runner, 'dump') is None
    assert not (runner.out / 'dump').exists() or not list((runner.out / 'dump').glob('run*'))
    scores = result(runner, 'finetune')
    assert (scores['top1'], scores['best_top1'], scores['seed']) == (0.75, 0.75, 0)


def test_a_folder_of_other_options_is_refused(runner, make_step):
    script, folder = SCORE.format(run=0, top1=0.5), runner.out / 'linear'
    runner.lane([make_step('linear', script)])
    check_same(make_step('linear', script), folder)
    check_same(make_step('linear', script, arguments=('--epochs', '2', 'train_dataloader.num_workers=0')), folder)
    with pytest.raises(ValueError, match='was made with other options .*--epochs 2.*: choose another --out'):
        check_same(make_step('linear', script, arguments=('--epochs', '3')), folder)


def test_a_run_without_a_score_is_a_failure(runner, make_step):
    last_epoch_unscored = SCORE.format(run=0, top1=0.5).replace('epoch_2', 'epoch_3')
    runner.lane([make_step('finetune', last_epoch_unscored)])
    assert runner.failed and result(runner, 'finetune') is None


def test_an_interrupt_ends_what_is_running_and_starts_nothing(runner, make_step):
    lane = threading.Thread(target=runner.lane, args=(
        [make_step('linear', 'import time; print("on", flush=True); time.sleep(60)'), make_step('knn', 'print()')], ))
    lane.start()
    while 'linear' not in runner.processes:
        time.sleep(.01)
    time.sleep(.3)
    began = time.monotonic()
    runner.interrupt()
    lane.join(20)
    assert not lane.is_alive() and time.monotonic() - began < 20 and not runner.failed
    assert result(runner, 'linear') is None and not (runner.out / 'knn').exists()
