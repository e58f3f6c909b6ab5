import json

import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from hico_mm.checkpoints import META_KEY, load_checkpoint
from hico_mm.datasets import skeleton_collate
from hico_mm.engine.loaders import training_split
from tests.conftest import ROOT
from tests.helpers import small_model


def weights(runner):
    return {name: value.clone() for name, value in runner.model.state_dict().items()}


def equal(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


DROPOUT = {'neck.encoder.type': 'TransformerEncoder'}  # whose dropout is random too


def test_does_not_depend_on_the_number_of_workers(make_runner):
    runs = []
    for workers in (0, 2):
        runner = make_runner(f'workers{workers}', epochs=2, workers=workers, model=small_model(**DROPOUT))
        runner.train()
        runs.append(weights(runner))
    assert equal(*runs)
    other = make_runner('seed1', epochs=2, seed=1, model=small_model(**DROPOUT))
    other.train()
    assert not equal(runs[0], weights(other))


def test_a_resumed_run_is_exact(make_runner):
    whole = make_runner('whole', epochs=3, seed=None, model=small_model(**DROPOUT))
    whole.train()
    rest = make_runner('rest', epochs=3, seed=None, model=small_model(**DROPOUT), resume=True,
                       load_from=whole.work_dir + '/epoch_1.pth')
    rest.train()
    assert equal(weights(whole), weights(rest)) and rest.epoch == 3
    assert whole.optim_wrapper.get_lr() == rest.optim_wrapper.get_lr()


def test_validates_by_nearest_neighbours_and_logs_every_level(make_runner, tmp_path):
    runner = make_runner('logs', **{'default_hooks.logger': dict(type='LoggerHook', interval=1)})
    metrics = {}
    after = runner.val_loop.evaluator.evaluate
    runner.val_loop.evaluator.evaluate = lambda size: metrics.update(after(size)) or metrics
    runner.train()
    head = runner.model.cls_head
    assert len(head.gallery) == 12 and 0 <= metrics['acc/top1'] <= 1
    scalars = {name.split('/')[1] for name in runner.message_hub.log_scalars if name.startswith('train/')}
    for level in ('clip', 'part', 'temporal', 'spatial', 'instance'):
        assert {f'loss_{level}', f'acc_{level}'} <= scalars
    log = next((tmp_path / 'logs').glob('*/vis_data/scalars.json')).read_text().splitlines()
    assert json.loads(log[0])['loss_instance'] > 0


def test_contrast_accuracy_is_logged_as_a_mean(make_runner, tmp_path):
    """By the settings of the configs, as the losses are; a level that is switched off is no obstacle."""
    settings = Config.fromfile(ROOT / 'configs/_base_/default_runtime.py').log_processor
    levels = ['part', 'instance']
    model = small_model(**{'head.levels': levels, 'projector.levels': levels})
    runner = make_runner('mean', epochs=2, model=model, log_processor=settings,
                         **{'default_hooks.logger': dict(type='LoggerHook', interval=4)})
    runner.train()
    rows = map(json.loads, next((tmp_path / 'mean').glob('*/vis_data/scalars.json')).read_text().splitlines())
    row = [row for row in rows if 'loss' in row][-1]
    for level in ('part', 'instance'):
        history, _ = runner.message_hub.log_scalars[f'train/acc_{level}'].data
        assert len(history) == 4 and row[f'acc_{level}'] == pytest.approx(history.mean())


def test_gallery_is_the_training_split_without_augmentation(make_runner):
    runner = make_runner('gallery')
    runner.train()
    model, loader = runner.model.eval(), runner.train_dataloader
    expected = []
    for i in range(12):
        inputs = model.data_preprocessor(skeleton_collate([loader.dataset[i]]))
        with torch.no_grad():
            expected.append(model.extract_feat(inputs['inputs'])[0].instance[0])
    expected = torch.nn.functional.normalize(torch.stack(expected), dim=1)
    tolerance = 1e-4 if expected.is_cuda else 1e-5  # cuDNN computes with TF32
    torch.testing.assert_close(model.cls_head.gallery, expected, atol=tolerance, rtol=0)
    assert runner.val_dataloader.dataset.split == 'val'
    assert training_split(runner).dataset is runner.train_dataloader.dataset


def test_checkpoint_says_which_model_it_is_of(make_runner):
    from hico_mm.apis import init_model
    runner = make_runner('meta')
    runner.train()
    path = runner.work_dir + '/epoch_1.pth'
    meta = load_checkpoint(path)['meta']
    assert json.loads(meta[META_KEY])['model']['type'] == 'HiCo'
    model = init_model(None, path)
    inputs, trained = torch.randn(2, 1, 2, 8, 25, 3), runner.model.cpu().eval()
    with torch.no_grad():
        torch.testing.assert_close(model.cpu().extract_feat(inputs)[0].instance,
                                   trained.extract_feat(inputs)[0].instance)


def test_a_file_that_would_be_executed_is_refused(make_runner, tmp_path):
    first = make_runner('first')
    first.train()
    checkpoint = load_checkpoint(first.work_dir + '/epoch_1.pth')
    checkpoint['meta']['config'] = f'open("{tmp_path}/evil", "w")'
    torch.save(checkpoint, tmp_path / 'evil.pth')
    with pytest.raises(ValueError, match='evil.pth contains Python source'):
        make_runner('second', resume=True, load_from=str(tmp_path / 'evil.pth')).train()
    assert not (tmp_path / 'evil').exists()


@pytest.mark.parametrize('task', ['pretraining', 'linear', 'test'])
def test_workers_kept_for_the_next_epoch_end_with_the_run(make_runner, linear_model, monkeypatch, task):
    """Those of a linear evaluation read the clips that it encodes, and those of k-NN its gallery."""
    workers = []

    def start(loader, start=DataLoader.__iter__):
        found = start(loader)
        workers.extend(getattr(found, '_workers', ()))
        return found

    monkeypatch.setattr(DataLoader, '__iter__', start)
    linear = {} if task != 'linear' else {
        'model': linear_model, 'loop': 'FeatureTrainLoop', 'default_hooks.frozen_weights.allow_untrained': True}
    runner = make_runner('kept', epochs=2, workers=1, **linear, **{
        f'{part}_dataloader.persistent_workers': True for part in ('train', 'val', 'test')})
    runner.test() if task == 'test' else runner.train()
    assert len(workers) > 1 and not any(worker.is_alive() for worker in workers)
