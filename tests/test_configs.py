"""Every config is read, built and stepped on tiny data of its own layout."""

import re
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner

from hico_mm.checkpoints import EncoderSource, leaves_encoder_out, take_encoder_into
from hico_mm.fileio import dump_pickle
from hico_mm.structures import get_layout
from hico_mm.wiring import complete_config, load_config, scale_schedule
from tests.conftest import ROOT
from tests.helpers import make_annotation

CONFIGS = ROOT / 'configs' / 'hico'
SEMI = CONFIGS / 'semi' / 'semi.py'
FRAGMENTS = sorted([*CONFIGS.glob('ablations/*.py'), *CONFIGS.glob('graph/*.py')])
BASELINES = sorted(CONFIGS.glob('baselines/*.py'))
LEAVES = sorted(set(CONFIGS.rglob('*.py')) - {*FRAGMENTS, *BASELINES, SEMI})
STEPPED = set()  # models that have been built and have taken a step: many configs share one, but for their classes


def name(path):
    return str(path.relative_to(CONFIGS).with_suffix(''))


def pretraining(config):
    """A pretraining config for the skeleton of a downstream one."""
    layout = config.train_dataloader.dataset.layout
    if layout == 'coco':
        return CONFIGS / f'hico_{Path(config.filename).stem.split("_")[1]}.py'
    return CONFIGS / ('hico_gru_nwucla.py' if layout == 'nw_ucla' else 'hico_gru_ntu60.py')


def completed(path, fragments=(), encoder=None):
    config = load_config(str(path), list(map(str, fragments)))
    if leaves_encoder_out(config.model):
        take_encoder_into(config, EncoderSource.open(encoder or pretraining(config)))
    complete_config(config)
    return config


def step(config, tmp_path):
    """Build the model and the data of a config, and take a step of what they are for."""
    views = config.model.data_preprocessor
    annotation = make_annotation(views.layout, views.num_persons, per_class=2, channels=views.in_channels)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        annotation['split'][loader.dataset.split] = annotation['split']['train']
        loader.dataset.ann_file = str(tmp_path / 'a.pkl')
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    dump_pickle(annotation, tmp_path / 'a.pkl')
    batch = next(iter(Runner.build_dataloader(config.train_dataloader, seed=0)))
    kind = re.sub(r"'num_classes': \d+", 'num_classes', str(config.model))
    if kind in STEPPED:
        return
    model = MODELS.build(config.model)
    data = model.data_preprocessor(batch, True)
    joints, channels = get_layout(views.layout).num_joints, model.data_preprocessor.out_channels
    shape = (views.num_persons, views.clip_len, joints, channels)
    assert data['inputs'].shape == (2, 2 if config.model.type == 'HiCo' else 1, *shape)
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


@pytest.mark.parametrize('path', LEAVES, ids=name)
def test_builds_and_steps(path, tmp_path):
    step(completed(path), tmp_path)


def test_few_labels_of_every_dataset():
    for path in sorted(CONFIGS.glob('finetune/*.py')):
        config = completed(path, [SEMI])
        assert config.train_dataloader.dataset.subset == dict(fraction=0.1, seed=0)


@pytest.mark.parametrize('path', FRAGMENTS, ids=name)
def test_a_fragment_applies_to_the_whole_family(path, tmp_path):
    graph = path.parent.name == 'graph'
    for base in ('hico_gru_ntu60', 'hico_transformer_pku1') if graph else ('hico_transformer_ntu60', 'hico_gru_nwucla'):
        step(completed(CONFIGS / f'{base}.py', [path]), tmp_path)


@pytest.mark.parametrize('order', [1, -1])
def test_fragments_join(order):
    fragments = [CONFIGS / f'{name}.py' for name in ('graph/stgcn', 'ablations/temporal')][::order]
    neck = completed(CONFIGS / 'hico_gru_ntu60.py', fragments).model.neck
    assert [*neck.branches] == [*neck.tokenizer.branches] == ['temporal']


def test_the_released_queue_of_any_length():
    for base, length in (('hico_gru_ntu60', 2048), ('hico_lstm_nwucla_small', 256)):
        queues = MODELS.build(completed(CONFIGS / f'{base}.py', [CONFIGS / 'ablations/parity.py']).model).head.queues
        assert queues['clip'].wrap_at == length <= len(queues['clip'].features)


@pytest.mark.parametrize('path', BASELINES, ids=name)
@pytest.mark.parametrize('task', ['knn/hico_nwucla_knn', 'linear/hico_ntu60_linear'])
def test_a_baseline_takes_the_place_of_a_checkpoint(path, task, tmp_path):
    config = completed(CONFIGS / f'{task}.py', encoder=path)
    assert config.model.neck is None and config.model.data_preprocessor.layout == (
        'nw_ucla' if 'nwucla' in task else 'ntu')
    step(config, tmp_path)


def test_there_are_few_and_each_is_short():
    everything = sorted((ROOT / 'configs').rglob('*.py'))
    assert len(everything) <= 90
    for path in LEAVES:
        assert len(path.read_text().splitlines()) <= 15, path


def test_the_guide_names_files_that_exist():
    text = (ROOT / 'configs' / 'README.md').read_text()
    for path in set(re.findall(r'configs/[\w/.{},-]+\.py', text)):
        if '{' not in path and 'DATASET' not in path:
            assert (ROOT / path).exists(), path


def test_finetuning_is_scheduled():
    for path in LEAVES:
        if path.parent.name == 'finetune':
            config = Config.fromfile(path)
            assert config.optim_wrapper.optimizer.type == 'AdamW' and config.optim_wrapper.optimizer.lr <= 0.01
            assert config.param_scheduler[0].type == 'CosineAnnealingLR' and not config.train_dataloader.drop_last
            assert config.train_cfg.max_epochs % config.train_cfg.val_interval == 0  # the last epoch is scored


def test_released_settings():
    config = completed(CONFIGS / 'hico_gru_ntu60.py')
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.momentum, optimizer.weight_decay) == ('SGD', 0.01, 0.9, 1e-4)
    assert config.train_cfg.max_epochs == 451 and config.param_scheduler[0].milestones == [351]
    assert config.train_dataloader.batch_size == 64 and config.train_dataloader.drop_last
    model = MODELS.build(config.model)
    assert (len(model.head.queues.instance.features), len(model.head.queues.clip.features)) == (2048, 4 * 2048)
    assert (model.head.temperature, model.projector.out_channels, config.model.momentum) == (0.2, 128, 0.001)
    assert config.model.cls_head.in_channels == 4096
    linear = Config.fromfile(CONFIGS / 'linear/hico_ntu60_linear.py')
    optimizer = linear.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (2.0, 0.9, 0.0)
    assert linear.train_cfg.batch_size == 1024 and linear.param_scheduler[0].milestones == [50, 70]


def test_epochs_rescale_the_schedule():
    for path, before, after in (('hico_gru_nwucla', [351], [16]), ('linear/hico_nwucla_linear', [50, 70], [12, 18])):
        config = Config.fromfile(CONFIGS / f'{path}.py')
        assert config.param_scheduler[0].milestones == before
        scale_schedule(config, 20)
        assert config.param_scheduler[0].milestones == after and config.train_cfg.max_epochs == 20


