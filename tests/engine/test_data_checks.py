"""What is checked of data before the first step, and of losses at every step."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.hooks import Hook

from hico_mm.checkpoints import load_checkpoint
from hico_mm.engine.launch import check_steps
from hico_mm.engine.loaders import training_split
from hico_mm.errors import UserError
from hico_mm.evaluation import encode
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
    with pytest.raises(UserError, match=r'loss_part of step 4 is nan.*check the clips of this step: clip\d+, '):
        runner.train()
    saved = load_checkpoint(runner.work_dir + '/epoch_1.pth')
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
    assert '2 of the 12 clips of split "val" are in the training split "train" too, for example clip0' in warnings[0]


def test_a_batch_larger_than_the_split_is_refused(make_runner):
    runner = make_runner('large', **{'train_dataloader.batch_size': 13})
    with pytest.raises(UserError, match=r'has 12 clips.*than a batch of 13.*train_dataloader.batch_size=12'):
        check_steps(runner)
    check_steps(make_runner('fits', **{'train_dataloader.batch_size': 12}))


@pytest.fixture
def forget_labels(tmp_path):
    """Take the labels of some clips out of the annotation that runs are made on."""

    def forget(*names):
        annotation = make_annotation()
        for clip in annotation['annotations']:
            if clip['frame_dir'] in names or not names:
                del clip['label']
        dump_pickle(annotation, tmp_path / 'annotation.pkl')

    return forget


UNSCORED = dict(val_cfg=None, val_dataloader=None, val_evaluator=None)


def test_pretraining_without_labels(make_runner, forget_labels, tmp_path):
    make_runner('labelled', custom_hooks=CHECKS, **UNSCORED).train()
    forget_labels()
    make_runner('unlabelled', custom_hooks=CHECKS, **UNSCORED).train()
    weights = [load_checkpoint(tmp_path / name / 'epoch_1.pth')['state_dict']
               for name in ('labelled', 'unlabelled')]
    assert all(torch.equal(weight, weights[1][name]) for name, weight in weights[0].items())


def test_what_is_measured_by_labels_that_are_missing(make_runner, forget_labels):
    forget_labels('clip3')
    with pytest.raises(UserError, match='annotation.pkl: 1 of the 12 clips of split "train" have no label, for '
                                        'example clip3, but the k-NN accuracy is.*val_cfg=None val_dataloader=None'):
        make_runner('gallery', custom_hooks=CHECKS).train()
    forget_labels('clip20', 'clip21')
    with pytest.raises(UserError, match='2 of the 12 clips of split "val" have no label.*val_cfg=None'):
        make_runner('queries', custom_hooks=CHECKS).train()


@pytest.mark.parametrize('loop', ['EpochBasedTrainLoop', 'FeatureTrainLoop'])
def test_a_classifier_needs_labels(make_runner, forget_labels, linear_model, loop):
    forget_labels('clip3')
    changes = UNSCORED if loop == 'EpochBasedTrainLoop' else {}
    with pytest.raises(UserError, match='for example clip3, but a classifier learns from labels: add the labels$'):
        make_runner('linear', model=linear_model, loop=loop, custom_hooks=CHECKS, **changes).train()


def test_the_gallery_of_a_test_needs_labels(make_runner, forget_labels):
    runner = make_runner('trained', custom_hooks=CHECKS)
    runner.train()
    forget_labels('clip3')
    with pytest.raises(UserError, match='for example clip3, but they are the gallery'):
        make_runner('test', load_from=runner.work_dir + '/epoch_1.pth', custom_hooks=CHECKS).test()


def test_gallery_and_queries_have_the_same_weights(make_runner):
    """EMAHook tests with averaged weights, so the gallery must be encoded with these."""
    seen = []

    class Compare(Hook):
        priority = 'VERY_LOW'

        def before_val_epoch(self, runner):
            clips = encode(runner.model, training_split(runner), 'instance')
            seen.append((runner.model.cls_head.gallery - F.normalize(clips.features, dim=1)).abs().max().item())

    runner = make_runner('ema', epochs=2, custom_hooks=[
        dict(type='GalleryHook'), dict(type='EMAHook', momentum=0.01)], **{'optim_wrapper.optimizer.lr': 0.5})
    runner.register_hook(Compare())
    runner.train()
    assert seen and max(seen) < 1e-6


def test_clips_that_are_prepared_differently_are_refused(make_runner):
    said = r'split "train" of .* has clips prepared by \[\], but the dataset of split "val"'
    with pytest.raises(UserError, match=said):
        make_runner('differently', custom_hooks=CHECKS, **{'train_dataloader.dataset.load_pipeline': []}).train()


def test_classes_must_have_the_same_names_in_all_files(make_runner, tmp_path):
    annotation = make_annotation()
    dump_pickle(dict(annotation, classes=['a', 'b', 'c', 'd']), tmp_path / 'named.pkl')
    dump_pickle(dict(annotation, classes=['d', 'c', 'b', 'a']), tmp_path / 'other.pkl')
    files = {f'{split}_dataloader.dataset.ann_file': str(tmp_path / name)
             for split, name in (('train', 'named.pkl'), ('val', 'other.pkl'), ('test', 'other.pkl'))}
    with pytest.raises(UserError, match='the classes of split "val" of .*other.pkl are not those of split "train"'):
        make_runner('named', custom_hooks=CHECKS, **files).train()
    with pytest.raises(UserError, match='the classes of split "val" of .*other.pkl are not those of split "train"'):
        make_runner('tested', **files).test()


def test_a_gallery_of_test_clips_is_warned_of(make_runner):
    runner = make_runner('overlap', **{'train_dataloader.dataset.split': 'val'})
    said = []
    runner.logger.warning = said.append
    runner.test()
    assert '12 of the 12 clips of split "val" are in the training split "val" too' in said[0]
