"""A run that is resumed goes on from its own folder, with its own data and schedule."""

import shutil
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from hico_mm.checkpoints import load_checkpoint
from hico_mm.checkpoints.resume import find_last
from hico_mm.engine.training import check_checkpoint_names, set_resume
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation


@pytest.fixture
def run(make_runner):
    """A folder with two epochs of pretraining, and what resumes them to a third."""
    runner = make_runner('first', epochs=2)
    runner.train()

    def resume(folder, **changes):
        resumed = make_runner(folder.name, epochs=3, resume=True, load_from=str(find_last(folder).path), **changes)
        resumed.logger.warning = warnings.append
        resumed.train()
        return resumed

    warnings = resume.warnings = []
    resume.folder = resume.first = runner.work_dir
    return resume


def test_a_copy_of_a_run_leaves_the_files_of_the_first_alone(run, tmp_path):
    shutil.copytree(tmp_path / 'first', tmp_path / 'copy')
    before = {path: path.read_bytes() for path in (tmp_path / 'first').rglob('*') if path.is_file()}
    path = tmp_path / 'copy' / 'epoch_2.pth'
    checkpoint = load_checkpoint(path)
    info = checkpoint['message_hub']['runtime_info']
    assert Path(info['best_ckpt']) == tmp_path / 'first' / 'best_acc_top1_epoch_1.pth'
    info['best_score'] = -1.0  # any score is better, so that MMEngine removes what is called the best
    torch.save(checkpoint, path)
    resumed = run(tmp_path / 'copy')
    assert resumed.epoch == 3
    # Epoch 2 lacked its score, and had a better one.
    assert [path.name for path in (tmp_path / 'copy').glob('best_*')] == ['best_acc_top1_epoch_2.pth']
    assert {path: path.read_bytes() for path in (tmp_path / 'first').rglob('*') if path.is_file()} == before


def test_a_checkpoint_of_another_folder_gives_a_best_one_of_its_own(run, make_runner, tmp_path):
    runner = make_runner('branch', epochs=3, resume=True, load_from=str(tmp_path / 'first' / 'epoch_2.pth'))
    runner.train()
    assert (tmp_path / 'branch' / 'best_acc_top1_epoch_2.pth').exists()
    assert (tmp_path / 'first' / 'best_acc_top1_epoch_1.pth').exists()


def test_a_damaged_checkpoint_is_left_out(run, tmp_path):
    path = tmp_path / 'first' / 'epoch_2.pth'
    with zipfile.ZipFile(path) as archive:
        weights = max(archive.infolist(), key=lambda entry: entry.file_size)
    content = bytearray(path.read_bytes())
    start = weights.header_offset + 30 + sum(struct.unpack_from('<HH', content, weights.header_offset + 26))
    content[start + weights.file_size // 2] ^= 1  # torch would load it
    path.write_bytes(content)
    found = find_last(tmp_path / 'first')
    assert found.path == tmp_path / 'first' / 'epoch_1.pth'
    assert 'epoch_2.pth is truncated or not a checkpoint' in found.left_out[0]
    assert run(tmp_path / 'first').epoch == 3


def test_a_run_that_was_moved_goes_on(run, tmp_path):
    before = sorted(path.name for path in (tmp_path / 'first').iterdir())
    shutil.move(tmp_path / 'first', tmp_path / 'moved')
    assert run(tmp_path / 'moved').epoch == 3
    assert not (tmp_path / 'first').exists() and set(before) <= {path.name for path in (tmp_path / 'moved').iterdir()}


@pytest.mark.parametrize('damage, said', [
    (lambda path: path.write_bytes(path.read_bytes()[:-1000]), 'is truncated'),
    (lambda path: path.write_bytes(path.read_bytes()[:path.stat().st_size // 2]), 'is truncated'),
    (lambda path: path.write_bytes(b''), 'is truncated'),
    (lambda path: path.write_bytes(bytes(path.stat().st_size)), 'is truncated'),
    (lambda path: path.write_bytes(b'version https://git-lfs.github.com/spec/v1'), 'is truncated'),
    (lambda path: (path.unlink(), path.mkdir()), 'is not a file'),
    (lambda path: (path.unlink(), path.symlink_to('gone')), 'does not exist')])
def test_whatever_has_become_of_the_newest_checkpoint_the_one_before_is_found(tmp_path, damage, said):
    for epoch in (1, 2):
        torch.save(dict(state_dict=dict(weight=torch.randn(1000)), optimizer={}), tmp_path / f'epoch_{epoch}.pth')
    (tmp_path / 'last_checkpoint').write_bytes(b'\xff')  # nobody asks it
    assert find_last(tmp_path) == (tmp_path / 'epoch_2.pth', [])
    damage(tmp_path / 'epoch_2.pth')
    found = find_last(tmp_path)
    assert found.path == tmp_path / 'epoch_1.pth' and 'epoch_2.pth' in found.left_out[0] and said in found.left_out[0]


def test_published_weights_cannot_be_resumed(run, tmp_path):
    for epoch in (1, 2):
        path = tmp_path / 'first' / f'epoch_{epoch}.pth'
        checkpoint = load_checkpoint(path)
        del checkpoint['optimizer']
        torch.save(checkpoint, path)
    found = find_last(tmp_path / 'first')
    assert found.path is None and len(found.left_out) == 2 and 'has no optimizer' in found.left_out[0]
    assert find_last(tmp_path / 'gone') == (None, [])


def test_other_data_are_refused(run, tmp_path):
    dump_pickle(make_annotation(seed=1), tmp_path / 'annotation.pkl')
    with pytest.raises(UserError, match=r'epoch_2.pth was trained on 12 clips of split "train" of annotation.pkl.*'
                                        'start a new one with --pretrained'):
        run(tmp_path / 'first')


COSINE = dict(type='CosineAnnealingLR', T_max=4, eta_min=1e-4, convert_to_iter_based=True)


@pytest.mark.parametrize('schedule', [
    [dict(type='MultiStepLR', milestones=[2])], [dict(type='MultiStepLR', milestones=[3])],
    [dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True), dict(COSINE, begin=1, end=5)],
    [COSINE]])
@pytest.mark.parametrize('batch_size', [5, 4])
def test_another_schedule_is_followed_from_its_place_on(make_runner, schedule, batch_size, tmp_path):
    """The learning rate of every later step is that of a run with the new schedule from the beginning."""
    def rates(name, **changes):
        runner, seen = make_runner(name, **changes), []
        call_hook = runner.call_hook

        def record(point, **kwargs):
            if point == 'before_train_iter':
                seen.append(runner.optim_wrapper.get_lr()['lr'][0])
            call_hook(point, **kwargs)

        runner.call_hook = record
        runner.train()
        return seen

    old = [dict(scheduler) for scheduler in schedule]
    old[-1].update(dict(T_max=2) if 'T_max' in old[-1] else dict(milestones=[1]))
    rates('short', epochs=2, param_scheduler=old)
    now = {'epochs': 4, 'param_scheduler': schedule, 'train_dataloader.batch_size': batch_size}
    resumed = rates('resumed', resume=True, load_from=str(tmp_path / 'short' / 'epoch_2.pth'), **now)
    assert resumed == pytest.approx(rates('whole', **now)[2 * (12 // batch_size):], rel=1e-9)


def test_a_schedule_that_cannot_be_followed_is_refused(run, tmp_path):
    with pytest.raises(UserError, match='milestones=.*and the learning rate has changed too.*start a new run from it'):
        run(tmp_path / 'first', **{'param_scheduler': [dict(type='MultiStepLR', milestones=[2])],
                                   'optim_wrapper.optimizer.lr': 0.02})
    with pytest.raises(UserError, match='1 schedulers, but the config has 2'):
        run(tmp_path / 'first', param_scheduler=[dict(type='MultiStepLR', milestones=[1])] * 2)


def test_another_batch_or_learning_rate_is_said(run, tmp_path):
    run(tmp_path / 'first', **{'train_dataloader.batch_size': 4, 'optim_wrapper.optimizer.lr': 0.02})
    assert 'had batch_size 5, but the config has 4: the new value is used from here on' in run.warnings[0]
    assert 'had lr 0.01, but the config has 0.02: the old value is kept' in run.warnings[1]


def test_other_values_of_the_optimizer_are_said(run, tmp_path):
    run(tmp_path / 'first', **{'optim_wrapper.optimizer.weight_decay': 0.3})
    assert run.warnings == ['the resumed run had weight_decay 0, but the config has 0.3: the old value is kept, '
                            'since the optimizer is restored']


@pytest.mark.parametrize('changes, said', [
    ({'optim_wrapper.optimizer': dict(type='AdamW', lr=0.01, _delete_=True)},
     'trained with SGD, but the config asks for AdamW'),
    ({'optim_wrapper.paramwise_cfg': dict(bias_lr_mult=2.0)},
     r'trained with 1 group\(s\) of parameters, but the config asks for \d\d'),
])
def test_another_optimizer_is_refused(run, tmp_path, changes, said):
    with pytest.raises(UserError, match=f'{said}: resume with the original optimizer'):
        run(tmp_path / 'first', **changes)


def test_training_starts_from_load_from_if_there_is_nothing_to_resume(tmp_path):
    config = Config(dict(work_dir=str(tmp_path), load_from='a.pth', train_cfg=dict(max_epochs=1)))
    set_resume(config, 'auto')
    assert not config.resume and config.load_from == 'a.pth'


@pytest.mark.parametrize('before, now, said', [
    (dict(type='CosineAnnealingLR', T_max=4, eta_min_ratio=0.1), dict(eta_min_ratio=0.9),
     'the schedule has eta_min_ratio=0.1 before and 0.9 now: the new one is followed'),
    (dict(type='ConstantLR', factor=0.1, end=4), dict(factor=0.5),
     'the schedule has factor=0.1 before and 0.5 now: the new one is followed')])
def test_whatever_changes_in_a_schedule_is_followed(make_runner, tmp_path, before, now, said):
    first = make_runner('first', epochs=2, param_scheduler=[before])
    first.train()
    resumed = make_runner('first', epochs=4, resume=True, load_from=f'{first.work_dir}/epoch_2.pth',
                          param_scheduler=[{**before, **now}])
    warnings = []
    resumed.logger.warning = warnings.append
    resumed.train()
    whole = make_runner('whole', epochs=4, param_scheduler=[{**before, **now}])
    whole.train()
    assert warnings == [f'{said} from here on']
    assert resumed.optim_wrapper.get_lr()['lr'] == pytest.approx(whole.optim_wrapper.get_lr()['lr'])


def test_another_kind_of_schedule_is_refused(run, tmp_path):
    with pytest.raises(UserError, match='has a schedule with MultiStepLR, but the config has StepLR: the new schedule'):
        run(tmp_path / 'first', param_scheduler=[dict(type='StepLR', step_size=1)])


def test_checkpoints_that_resuming_would_not_find_are_refused(tmp_path):
    for option, value in ('out_dir', str(tmp_path)), ('filename_tmpl', 'model_{}.pth'):
        config = Config(dict(work_dir=str(tmp_path), default_hooks=dict(checkpoint={option: value})))
        with pytest.raises(UserError, match=f'default_hooks.checkpoint.{option} is .* leave it out'):
            check_checkpoint_names(config)
