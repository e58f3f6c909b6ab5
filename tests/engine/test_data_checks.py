"""What is checked of data before the first step, and of losses at every step."""

import numpy as np
import pytest
import torch

from hico_mm.engine.launch import check_steps
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation, small_model

CHECKS = [dict(type='DataCheckHook'), dict(type='FiniteLossHook')]


def test_a_loss_that_is_not_finite_ends_training_and_is_not_saved(make_runner, tmp_path):
    runner = make_runner('diverging', epochs=3, custom_hooks=CHECKS)
    loss, steps = runner.model.loss, []

    def diverging(*args, **kwargs):
        losses = loss(*args, **kwargs)
        steps.append(0)
        if len(steps) == 4:  # the second of the second epoch
            losses['loss_part'] = losses['loss_part'] * float('nan')
        return losses

    runner.model.loss = diverging
    with pytest.raises(UserError, match=r'loss_part of step 4 is nan.*look at the clips of the step: clip\d+, '):
        runner.train()
    saved = torch.load(runner.work_dir + '/epoch_1.pth', weights_only=True)
    assert all(weight.isfinite().all() for weight in saved['state_dict'].values())
    assert not (tmp_path / 'diverging' / 'epoch_2.pth').exists()


def test_labels_beyond_the_classes_are_refused(make_runner):
    model = small_model()
    model.cls_head.num_classes = 3
    with pytest.raises(UserError, match=r'annotation.pkl: 3 clips of split "train" have labels up to 3, but '
                                        'model.cls_head.num_classes is 3'):
        make_runner('labels', model=model, custom_hooks=CHECKS).train()


def test_labels_that_are_integers_of_numpy(make_runner, linear_model, tmp_path):
    """As np.unique and pandas give them."""
    annotation = make_annotation()
    for clip in annotation['annotations']:
        clip['label'] = np.int64(clip['label'])
    dump_pickle(annotation, tmp_path / 'annotation.pkl')
    make_runner('pretraining', custom_hooks=CHECKS).train()
    finetuning = make_runner('finetuning', custom_hooks=CHECKS, model={**linear_model, 'frozen': ()})
    finetuning.train()
    assert finetuning.iter == 2


def test_a_label_of_the_test_split_alone_beyond_the_classes_is_refused(make_runner, tmp_path):
    annotation = make_annotation()
    clips = {clip['frame_dir']: clip for clip in annotation['annotations']}
    clips[annotation['split']['val'][-1]]['label'] = 42
    dump_pickle(annotation, tmp_path / 'annotation.pkl')
    runner = make_runner('labels', custom_hooks=CHECKS)
    with pytest.raises(UserError, match='1 clips of split "val" have labels up to 42, but model.cls_head.num_classes'):
        runner.train()
    assert runner.iter == 0


def test_clips_that_train_and_test_are_said(make_runner, tmp_path):
    annotation = make_annotation()
    annotation['split']['val'][:2] = annotation['split']['train'][:2]
    dump_pickle(annotation, tmp_path / 'annotation.pkl')
    runner, warnings = make_runner('overlap', custom_hooks=CHECKS), []
    runner.logger.warning = warnings.append
    runner.train()
    assert '2 of the 12 clips of split "val" are in the training split "train" too, clip0 among them' in warnings[0]


def test_a_batch_larger_than_the_split_is_refused(make_runner):
    runner = make_runner('large', **{'train_dataloader.batch_size': 13})
    with pytest.raises(UserError, match=r'has 12 clips.*than a batch of 13.*train_dataloader.batch_size=12'):
        check_steps(runner)
    check_steps(make_runner('fits', **{'train_dataloader.batch_size': 12}))
