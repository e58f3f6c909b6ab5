import copy

import pytest
import torch
from mmengine.config import Config

from hico_mm.checkpoints import load_checkpoint
from hico_mm.engine.loaders import training_settings
from hico_mm.errors import UserError
from hico_mm.evaluation import encode
from tests.helpers import small_model


@pytest.fixture
def pretrained(make_runner):
    runner = make_runner('pretrain')
    runner.train()
    return runner.work_dir + '/epoch_1.pth'


def test_trains_the_classifier_alone_and_saves_the_whole_recognizer(make_runner, linear_model, pretrained):
    runner = make_runner('linear', epochs=30, model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                         **{'optim_wrapper.optimizer.lr': 1.0, 'param_scheduler.0.milestones': [20]})
    last = {}
    evaluate = runner.train_loop.evaluate
    runner.train_loop.evaluate = lambda: last.update(evaluate()) or dict(last)
    runner.train()
    saved = load_checkpoint(runner.work_dir + '/epoch_30.pth')['state_dict']
    source = load_checkpoint(pretrained)['state_dict']
    encoder = [name for name in saved if not name.startswith('cls_head')]
    assert encoder and all(torch.equal(saved[name], source[name]) for name in encoder)
    tested = make_runner('test', model=linear_model, load_from=runner.work_dir + '/epoch_30.pth').test()
    assert tested['acc/top1'] == pytest.approx(last['acc/top1']) and tested['acc/top1'] > 0.8


def test_features_are_standardised_by_the_training_split(make_runner, linear_model, pretrained):
    linear_model['cls_head']['standardize'] = True
    runner = make_runner('linear', epochs=3, model=linear_model, load_from=pretrained, loop='FeatureTrainLoop')
    runner.train()
    features = runner.train_loop.features.clips.features
    head = load_checkpoint(runner.work_dir + '/epoch_3.pth')['state_dict']
    torch.testing.assert_close(head['cls_head.mean'], features.mean(0))
    assert (head['cls_head.std'] >= features.std(0, unbiased=False) - 1e-6).all()
    scores = make_runner('test', model=linear_model, load_from=runner.work_dir + '/epoch_3.pth').test()
    assert scores['acc/top1'] == pytest.approx(runner.train_loop.evaluate()['acc/top1'])


def test_equals_encoding_every_batch_anew(make_runner, linear_model, pretrained):
    runner = make_runner('linear', epochs=1, model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                         **{'train_cfg.batch_size': 1024})
    initial = runner.model.cls_head.state_dict()
    initial = {name: weight.clone() for name, weight in initial.items()}
    runner.train()
    trained = {name: weight.clone() for name, weight in runner.model.cls_head.state_dict().items()}
    model = runner.model.eval()
    model.cls_head.load_state_dict(initial)
    dataset = runner.train_loop.features.clips.samples
    assert len(dataset) == 12  # the whole split, also what pretraining's drop_last leaves out
    loader_config = Config(runner.cfg.train_dataloader.to_dict())
    loader_config.update(batch_size=12, drop_last=False)
    batch = model.data_preprocessor(next(iter(runner.build_dataloader(loader_config))), False)
    optimizer = torch.optim.SGD(model.cls_head.parameters(), lr=0.01, momentum=0.9)
    model.cls_head.loss(model.extract_feat(batch['inputs'])[0], batch['data_samples'])['loss_cls'].backward()
    optimizer.step()
    for name, weight in model.cls_head.state_dict().items():
        torch.testing.assert_close(weight, trained[name], atol=1e-6, rtol=1e-4)


def test_frozen_weights_must_come_from_somewhere(make_runner, linear_model):
    with pytest.raises(ValueError, match='no checkpoint was loaded: give --pretrained CKPT, or --pretrained CONFIG.py'):
        make_runner('a', model=linear_model, loop='FeatureTrainLoop').train()
    runner = make_runner('b', model=linear_model, loop='FeatureTrainLoop',
                         **{'default_hooks.frozen_weights.allow_untrained': True})
    runner.train()
    assert runner.epoch == 1


def test_absent_and_misshapen_weights_are_errors(make_runner, linear_model, pretrained, tmp_path):
    checkpoint = load_checkpoint(pretrained)
    weights = checkpoint['state_dict']
    name = 'neck.pyramids.spatial.encoder.rnn.weight_hh_l0'
    torch.save(dict(state_dict={k: v for k, v in weights.items() if k != name}), tmp_path / 'absent.pth')
    torch.save(dict(state_dict={**weights, name: weights[name][:, :2]}), tmp_path / 'shape.pth')
    for file, fault in (('absent', 'is missing'), ('shape', r'has shape \(24, 2\), not \(24, 8\)')):
        runner = make_runner(file, model=linear_model, load_from=str(tmp_path / f'{file}.pth'), loop='FeatureTrainLoop')
        with pytest.raises(ValueError, match=f'{file}.pth does not fit SkeletonRecognizer: {name} {fault}'):
            runner.train()


def test_a_checkpoint_without_the_classifier_is_no_test_checkpoint(make_runner, linear_model, pretrained):
    with pytest.raises(ValueError, match='cls_head.fc.weight is missing'):
        make_runner('test', model=linear_model, load_from=pretrained).test()
    changed = small_model(**{'neck.encoder.type': 'LSTMEncoder'})
    with pytest.raises(ValueError, match="has model.neck.encoder.type='GRUEncoder', but the config has 'LSTMEncoder'"):
        make_runner('other', model=changed, load_from=pretrained).train()


def test_a_frozen_weight_that_moves_is_an_error(make_runner, linear_model, pretrained):
    runner = make_runner('moves', model=linear_model, load_from=pretrained, loop='FeatureTrainLoop')
    evaluate = runner.train_loop.evaluate

    def meddle():
        runner.model.backbone.embeddings['spatial'][0].weight.add_(1e-3)
        return evaluate()

    runner.train_loop.evaluate = torch.no_grad()(meddle)
    with pytest.raises(RuntimeError, match='1 frozen weights have changed .* backbone.embeddings.spatial.0'):
        runner.train()


def test_needs_a_test_split(make_runner, linear_model, pretrained):
    without = dict(val_cfg=None, val_dataloader=None, val_evaluator=None)
    with pytest.raises(ValueError, match='the config needs val_dataloader and val_cfg'):
        make_runner('blind', model=linear_model, load_from=pretrained, loop='FeatureTrainLoop', **without).train()


def test_refuses_to_train_more_than_the_classifier(make_runner, linear_model, pretrained):
    thawed = dict(linear_model, frozen=('backbone', ))
    with pytest.raises(ValueError, match=r"only trains cls_head, but \['cls_head', 'neck'\] are trainable"):
        make_runner('thawed', model=thawed, load_from=pretrained, loop='FeatureTrainLoop').train()


def test_encode_keeps_order_and_mode(make_runner):
    runner = make_runner('encode')
    runner.model.train()
    encoded = encode(runner.model, runner.val_dataloader)
    assert runner.model.training and encoded.features.shape == (12, 128)
    assert [sample.frame_dir for sample in encoded.samples] == [f'clip{i}' for i in range(12, 24)]
    assert encoded.labels.tolist() == [i % 4 for i in range(12, 24)]


def test_hooks_see_the_whole_protocol(make_runner, linear_model, pretrained):
    runner = make_runner('linear', epochs=2, model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                         custom_hooks=[dict(type='EMAHook', momentum=0.5)])
    calls, call_hook = [], runner.call_hook

    def record(point, **kwargs):
        calls.append(point)
        call_hook(point, **kwargs)

    runner.call_hook = record
    runner.train()
    seen = [point for point in calls if 'val' in point or point.endswith('train_epoch')]
    assert seen == ['before_train_epoch', 'after_train_epoch', 'before_val', 'before_val_epoch', 'after_val_epoch',
                    'after_val'] * 2
    averaged = load_checkpoint(runner.work_dir + '/epoch_2.pth')['state_dict']['cls_head.fc.weight']
    assert not torch.equal(averaged, runner.model.cls_head.fc.weight.cpu())  # swapped for the scores, and back again


def test_early_stopping_ends_it(make_runner, linear_model, pretrained):
    stop = dict(type='EarlyStoppingHook', monitor='acc/top1', min_delta=2.0, patience=2)
    runner = make_runner('linear', epochs=9, model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                         custom_hooks=[stop])
    runner.train()
    assert runner.epoch == 3


def test_the_batch_of_features_is_compared_when_a_run_is_resumed(make_runner, linear_model, pretrained):
    runner = make_runner('linear', model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                         **{'train_cfg.batch_size': 6})
    runner.train()
    assert training_settings(runner)['batch_size'] == 6


def test_training_starts_from_the_encoder_and_not_from_its_classifier(make_runner, linear_model, pretrained):
    """Otherwise, training with few labels would start from a classifier that has seen all of them."""
    first = make_runner('first', epochs=2, model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                        **{'optim_wrapper.optimizer.lr': 1.0})
    first.train()
    second = make_runner('second', model={**linear_model, 'frozen': ()}, load_from=first.work_dir + '/epoch_2.pth',
                         **{'optim_wrapper.optimizer.lr': 0.0})
    torch.manual_seed(0)
    second.train()
    trained, mine = (load_checkpoint(f'{runner.work_dir}/epoch_{epoch}.pth')['state_dict']
                     for runner, epoch in ((first, 2), (second, 1)))
    assert torch.equal(mine['backbone.embeddings.temporal.0.weight'], trained['backbone.embeddings.temporal.0.weight'])
    assert mine['cls_head.fc.weight'].abs().max() < 0.1 < trained['cls_head.fc.weight'].abs().max()


@pytest.mark.parametrize('change', [dict(standardize=True), dict(level='temporal')])
def test_a_classifier_is_tested_and_resumed_as_it_was_trained(make_runner, linear_model, pretrained, change):
    changed = copy.deepcopy(linear_model)
    changed['cls_head'].update(change, in_channels=None)
    first = make_runner('first', model=changed, load_from=pretrained, loop='FeatureTrainLoop')
    first.train()
    checkpoint = first.work_dir + '/epoch_1.pth'
    assert make_runner('same', model=changed, load_from=checkpoint).test()
    model = copy.deepcopy(linear_model)
    model['cls_head']['in_channels'] = None
    key, = change
    with pytest.raises(UserError, match=f'epoch_1.pth has model.cls_head.{key}=.* use the config it was trained with'):
        if key == 'level':  # the width differs too: compare heads of one width
            model['cls_head']['level'] = 'spatial'
        make_runner('other', model=model, load_from=checkpoint).test()


@pytest.mark.parametrize('topk', [[5], 1, [1, '5']])
def test_the_best_class_is_always_scored(make_runner, linear_model, pretrained, topk):
    with pytest.raises(UserError, match='train_cfg.topk must be a list of whole numbers, one of which is 1'):
        make_runner('linear', model=linear_model, load_from=pretrained, loop='FeatureTrainLoop',
                    **{'train_cfg.topk': topk}).train()
