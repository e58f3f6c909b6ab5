"""Checkpoints by time."""

from pathlib import Path

import pytest

from hico_mm.engine.hooks import timed_checkpoint_hook


@pytest.fixture
def train(make_runner, monkeypatch):
    """A factory: train 5 epochs, each of which takes 10 seconds, validate every second one -> the epochs saved."""

    def run(seconds, **changes):
        runner = make_runner(f'run{seconds}', epochs=5, **{
            'train_cfg.val_interval': 2, 'default_hooks.checkpoint': dict(
                type='TimedCheckpointHook', seconds=seconds, interval=1, max_keep_ckpts=1, save_best=None), **changes})
        saved, save = [], runner.save_checkpoint

        def record(out, filename, *args, **kwargs):
            saved.append(int(filename[6:-4]))
            save(out, filename, *args, **kwargs)

        monkeypatch.setattr(runner, 'save_checkpoint', record)
        monkeypatch.setattr(timed_checkpoint_hook.time, 'monotonic', lambda: 10.0 * runner.epoch)
        runner.train()
        assert [path.name for path in Path(runner.work_dir).glob('epoch_*.pth')] == ['epoch_5.pth']
        return saved

    return run


def test_short_epochs_are_saved_before_validations_and_at_the_end(train):
    assert train(1000) == [2, 4, 5]


def test_long_epochs_are_all_saved(train):
    assert train(0) == [1, 2, 3, 4, 5]


def test_the_time_counts_from_the_last_checkpoint(train):
    assert train(20, **{'train_cfg.val_interval': 100}) == [3, 5]


def test_an_interval_is_kept(make_runner, tmp_path):
    runner = make_runner('interval', epochs=5, **{'train_cfg.val_interval': 100, 'default_hooks.checkpoint': dict(
        type='TimedCheckpointHook', seconds=1000, interval=2, max_keep_ckpts=-1, save_best=None)})
    runner.train()
    assert sorted(path.name for path in Path(runner.work_dir).glob('epoch_*.pth')) == [
        'epoch_2.pth', 'epoch_4.pth', 'epoch_5.pth']


def test_a_run_without_a_checkpoint_continues_from_the_last_one(make_runner):
    checkpoint = dict(type='TimedCheckpointHook', interval=1)
    options = {'train_cfg.val_interval': 2, 'default_hooks.checkpoint': checkpoint}
    whole = make_runner('whole', epochs=4, **options)
    whole.train()
    stopped = make_runner('stopped', epochs=4, **options)
    stopped.call_hook = lambda name, call=stopped.call_hook, **kwargs: (
        call(name, **kwargs), 1 / (stopped.epoch != 3 or name != 'before_train_epoch'))
    with pytest.raises(ZeroDivisionError):
        stopped.train()
    resumed = make_runner('stopped', epochs=4, load_from=f'{stopped.work_dir}/epoch_2.pth', resume=True, **options)
    resumed.train()
    for name, value in whole.model.state_dict().items():
        assert value.equal(resumed.model.state_dict()[name]), name
