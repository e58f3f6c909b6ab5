"""A run that a signal ends goes on, when it is resumed, as if it had not been ended."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from mmengine.logging import HistoryBuffer

from hico_mm.checkpoints import load_checkpoint
from hico_mm.checkpoints.resume import find_last
from hico_mm.errors import Interrupted, UserError

EPOCHS, STEPS = 3, 4  # of the runs here


@pytest.fixture
def make(make_runner, linear_model, tmp_path):
    """A factory of runs of several epochs; ``resume`` takes the newest checkpoint of the folder."""

    def make(name, resume=False, **changes):
        last = str(find_last(tmp_path / name).path) if resume else None
        return make_runner(name, epochs=EPOCHS, resume=resume, load_from=last, **{
            'train_dataloader.batch_size': 3, 'visualizer': dict(
                type='Visualizer', vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]),
            'default_hooks.logger': dict(type='LoggerHook', interval=1), **changes})

    return make


def send(runner, point, when, number=signal.SIGTERM):
    """Have a run send itself a signal at the ``when``-th call of a hook's point, after the hooks of that."""
    call_hook, calls = runner.call_hook, []

    def call(name, **kwargs):
        call_hook(name, **kwargs)
        calls.append(name)
        if name == point and calls.count(point) == when:
            os.kill(os.getpid(), number)

    runner.call_hook = call


def interrupted(runner):
    """Train until the signal; returns the exception."""
    with pytest.raises(Interrupted) as caught:
        runner.train()
    return caught.value


def rows(folder):
    """What was logged, without times and memory."""
    paths = sorted(Path(folder).glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return [{key: value for key, value in row.items() if 'time' not in key and key != 'memory'} for row in rows]


def events(folder):
    """The tags and steps of the events of TensorBoard."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    found = [event for path in sorted(Path(folder).rglob('events*')) for event in EventFileLoader(str(path)).Load()]
    return sorted((value.tag, event.step) for event in found for value in event.summary.value
                  if not value.tag.startswith('config'))


def plain(value):
    """A value of a checkpoint, its tensors and buffers as plain lists, so that ``==`` compares every bit."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if not str(key).endswith('time')}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, HistoryBuffer):
        return [part.tolist() for part in value.data]
    return value.tolist() if isinstance(value, torch.Tensor) else value


def content(path):
    """What a checkpoint holds of its run, without paths and times."""
    checkpoint = load_checkpoint(path)
    parts = {key: plain(checkpoint[key]) for key in ('state_dict', 'optimizer', 'param_schedulers')}
    hub = plain(checkpoint['message_hub'])
    info = {key: value for key, value in hub['runtime_info'].items()
            if key not in ('cfg', 'eta', 'epoch', 'iter', 'experiment_name')}
    hub['runtime_info'] = {key: Path(value).name if 'ckpt' in key and isinstance(value, str) else value
                           for key, value in info.items()}
    return dict(parts, hub=hub, **{key: checkpoint['meta'][key] for key in ('epoch', 'iter', 'seed')})


def same_runs(one, other):
    """Assert that two folders hold the same run, to the last bit."""
    names = [sorted(path.name for path in folder.iterdir() if path.is_file() and path.suffix != '.py')
             for folder in (one, other)]
    assert names[0] == names[1]
    for name in (name for name in names[0] if name.endswith('.pth') and not name.startswith('best')):
        assert content(one / name) == content(other / name)
    assert rows(one) == rows(other)
    assert events(one) == events(other)


@pytest.mark.parametrize(('task', 'step', 'number', 'workers'), [
    ('pretraining', 1, signal.SIGHUP, 0), ('pretraining', 6, signal.SIGTERM, 2),
    ('linear evaluation', 8, signal.SIGUSR1, 0), ('pretraining', 12, signal.SIGINT, 0)])
def test_a_run_goes_on_in_the_middle_of_an_epoch(make, linear_model, tmp_path, task, number, workers, step):
    """Also from its first step, the last one of an epoch, and the last of all."""
    linear = {} if task == 'pretraining' else dict(model=linear_model, loop='FeatureTrainLoop', **{
        'train_cfg.batch_size': 3, 'default_hooks.frozen_weights.allow_untrained': True})
    make('whole', **linear).train()
    runner, before = make('ended', workers=workers, **linear), signal.getsignal(number)
    send(runner, 'before_train_iter', step, number)
    assert interrupted(runner).status == 128 + number
    assert signal.getsignal(number) == before
    assert find_last(tmp_path / 'ended').path.name == 'latest.pth'
    make('ended', resume=True, workers=workers, **linear).train()
    same_runs(tmp_path / 'ended', tmp_path / 'whole')


@pytest.mark.parametrize(('task', 'epoch', 'point'), [
    ('pretraining', 1, 'before_val'), ('pretraining', 3, 'before_val'), ('pretraining', 2, 'after_val_epoch'),
    ('linear evaluation', 1, 'before_val'), ('linear evaluation', 3, 'after_val')])
def test_a_validation_that_was_lost_is_made_up_for(make, linear_model, tmp_path, task, epoch, point):
    """Whatever a run wrote before it was killed; the best checkpoint is that of a run that was not."""
    linear = {} if task == 'pretraining' else dict(model=linear_model, loop='FeatureTrainLoop', **{
        'train_cfg.batch_size': 3, 'default_hooks.frozen_weights.allow_untrained': True})
    make('whole', **linear).train()
    runner = make('ended', **linear)
    send(runner, point, epoch)  # the epoch has a checkpoint, so that nothing is saved
    interrupted(runner)
    assert find_last(tmp_path / 'ended').path.name == f'epoch_{epoch}.pth'
    make('ended', resume=True, **linear).train()
    same_runs(tmp_path / 'ended', tmp_path / 'whole')


def test_rows_of_steps_that_are_taken_again_are_cut(make, tmp_path):
    """Killed without a warning: logs are ahead of the checkpoint, and their last line may be half written."""
    make('whole').train()
    runner = make('killed')
    runner.call_hook = lambda name, call=runner.call_hook, calls=[], **kwargs: (
        call(name, **kwargs), calls.append(name), 1 / (calls.count('after_train_iter') != 7))
    with pytest.raises(ZeroDivisionError):
        runner.train()
    runner.visualizer.close()
    path = next((tmp_path / 'killed').glob('*/vis_data/scalars.json'))
    path.write_text(path.read_text() + '{"lr": 0.0')
    make('killed', resume=True).train()
    same_runs(tmp_path / 'killed', tmp_path / 'whole')


def test_other_batches_in_the_middle_of_an_epoch_are_refused(make, tmp_path):
    runner = make('ended')
    send(runner, 'before_train_iter', 6)
    interrupted(runner)
    with pytest.raises(UserError, match=r'was saved in the middle of an epoch.*batch_size 3 before and 4 now'):
        make('ended', resume=True, **{'train_dataloader.batch_size': 4}).train()
    with pytest.raises(UserError, match='train_cfg.type is not ResumableTrainLoop'):
        make('ended', resume=True, loop='EpochBasedTrainLoop').train()


def test_gradients_that_are_added_up_are_finished_first(make, tmp_path):
    make('whole', **{'optim_wrapper.accumulative_counts': 2}).train()
    runner = make('ended', **{'optim_wrapper.accumulative_counts': 2})
    send(runner, 'before_train_iter', 5)
    interrupted(runner)
    assert load_checkpoint(tmp_path / 'ended' / 'latest.pth')['meta']['iter'] == 6
    make('ended', resume=True, **{'optim_wrapper.accumulative_counts': 2}).train()
    same_runs(tmp_path / 'ended', tmp_path / 'whole')


def test_the_clock_writes_the_same_file(make, tmp_path):
    runner, steps = make('clock', **{'default_hooks.interrupt.minutes': 1e-9}), []
    save = runner.save_checkpoint
    runner.save_checkpoint = lambda folder, filename, *args, **kwargs: (
        steps.append((filename, runner.iter)), save(folder, filename, *args, **kwargs))
    runner.train()
    assert [step for name, step in steps if name == 'latest.pth'] == list(range(EPOCHS * STEPS))
    assert not (tmp_path / 'clock' / 'latest.pth').exists()


def test_the_steps_already_taken_are_not_read(make, monkeypatch):
    runner = make('ended')
    send(runner, 'before_train_iter', 7)
    interrupted(runner)
    resumed, read = make('ended', resume=True), []
    dataset = resumed.train_dataloader.dataset
    prepare = dataset.prepare_data
    monkeypatch.setattr(dataset, 'prepare_data', lambda index: (read.append(index), prepare(index))[1])
    resumed.call_hook = lambda name, call=resumed.call_hook, **kwargs: (
        1 / (name != 'after_train_epoch'), call(name, **kwargs))
    with pytest.raises(ZeroDivisionError):
        resumed.train()
    assert len(read) == 3  # one batch is left of four


def test_before_the_first_step_a_signal_ends_at_once(make, tmp_path):
    runner = make('early')
    send(runner, 'before_train_epoch', 1)
    assert interrupted(runner).number == signal.SIGTERM
    assert not list((tmp_path / 'early').glob('*.pth'))


def test_a_second_signal_ends_a_step_at_once(make, monkeypatch, tmp_path):
    runner = make('twice')
    monkeypatch.setattr('hico_mm.engine.hooks.interrupt_hook.AGAIN', 0)
    send(runner, 'before_train_iter', 2)
    send(runner, 'before_train_iter', 2)
    interrupted(runner)
    assert not (tmp_path / 'twice' / 'latest.pth').exists()


def test_training_in_another_thread_leaves_signals_alone(make_runner):
    runner, before = make_runner('thread'), signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(runner.train).result()
    assert runner.epoch == 1 and signal.getsignal(signal.SIGINT) is before
