"""Every config builds and takes a step on tiny data of its own layout."""

import re
from pathlib import Path

import pytest
import torch
from helpers import make_annotation
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner

from hico_mm.structures import get_layout
from hico_mm.utils import dump_pickle

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / 'configs' / 'hico').rglob('*.py'))
STEPPED = set()  # models that have been built and have taken a step: many configs share one, but for their classes


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_builds_and_steps(path, tmp_path):
    config = Config.fromfile(path)
    views = config.model.data_preprocessor
    annotation = make_annotation(views.layout, views.num_persons, per_class=2)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        annotation['split'][loader.dataset.split] = annotation['split']['train']
        loader.dataset.ann_file = str(tmp_path / 'a.pkl')
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    dump_pickle(annotation, tmp_path / 'a.pkl')
    batch = next(iter(Runner.build_dataloader(config.train_dataloader, seed=0)))
    kind = re.sub(r"'num_classes': \d+", 'num_classes', str(config.model))
    if kind in STEPPED:
        return
    model = MODELS.build(config.model)
    data = model.data_preprocessor(batch, True)
    shape = (views.num_persons, views.test_views[0][0].clip_len, get_layout(views.layout).num_joints, 3)
    assert data['inputs'].shape == (4, 2 if config.model.type == 'HiCo' else 1, *shape)
    head = config.model.cls_head.type
    if head == 'KNNHead':
        width = model.extract_feat(data['inputs'])[0].instance.shape[1]
        model.cls_head.set_gallery(torch.randn(3, width), torch.arange(3))
    if config.model.type == 'HiCo' or head != 'KNNHead':
        total, _ = model.parse_losses(model(**data, mode='loss'))
        total.backward()
        assert torch.isfinite(total) and any(p.grad is not None and p.grad.any() for p in model.parameters())
    if config.model.type != 'HiCo':
        with torch.no_grad():
            scores = model.eval()(**data, mode='predict')[0].pred_score
        assert scores.shape == (config.model.cls_head.num_classes, )
    STEPPED.add(kind)


def test_finetuning_is_scheduled():
    for path in CONFIGS:
        if path.parent.name in ('finetune', 'semi', 'transfer'):
            config = Config.fromfile(path)
            assert config.optim_wrapper.optimizer.type == 'AdamW' and config.optim_wrapper.optimizer.lr <= 0.01
            assert config.param_scheduler[0].type == 'CosineAnnealingLR' and not config.train_dataloader.drop_last
            assert config.train_cfg.max_epochs % config.train_cfg.val_interval == 0  # the last epoch is scored


def test_released_settings():
    config = Config.fromfile(ROOT / 'configs/hico/hico_gru_ntu60.py')
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.momentum, optimizer.weight_decay) == ('SGD', 0.01, 0.9, 1e-4)
    assert config.train_cfg.max_epochs == 451 and config.param_scheduler[0].milestones == [351]
    assert config.train_dataloader.batch_size == 64 and config.train_dataloader.drop_last
    model = MODELS.build(config.model)
    assert (len(model.head.queues.instance.features), len(model.head.queues.clip.features)) == (2048, 4 * 2048)
    assert (model.head.temperature, model.projector.out_channels, config.model.momentum) == (0.2, 128, 0.001)
    assert model.neck.feature_channels('temporal') == 2048 and model.neck.feature_channels() == 4096
    linear = Config.fromfile(ROOT / 'configs/hico/linear/hico_gru_ntu60_linear.py')
    optimizer = linear.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (2.0, 0.9, 0.0)
    assert linear.train_cfg.batch_size == 1024 and linear.param_scheduler[0].milestones == [50, 70]


def test_leaves_are_short():
    for path in CONFIGS:
        assert len(path.read_text().splitlines()) <= 10, path
