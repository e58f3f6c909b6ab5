"""What was converted passes the check, and a model trains on it for a step."""

import json

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.runner import Runner

from hico_mm.cli.main import main
from hico_mm.wiring import complete_config, load_config
from tests.conftest import ROOT
from tests.converters import own

SPACE, PICTURE = 3, 2
FORMATS = {  # what makes a clip, its skeleton, the number of coordinates, options
    'mmpose': (lambda path, i: own.mmpose(path / f'{i}.json', [own.picture('coco', 20, i)]), 'coco', PICTURE, ()),
    'mmaction': (lambda path, i: own.mmaction(path / f'{i}.pkl', frame_dir=str(i), label=i % 2), 'coco', PICTURE, ()),
    'openpose': (lambda path, i: own.openpose(path / f'{i}', persons=[own.picture('openpose_body25', 20, i)]),
                 'openpose_body25', PICTURE, ()),
    'openpose18': (lambda path, i: own.openpose(path / f'{i}', persons=[own.picture('openpose_coco18', 20, i)]),
                   'openpose_coco18', PICTURE, ()),
    'mediapipe': (lambda path, i: own.mediapipe(path / f'{i}.json', own.world(20, i)), 'mediapipe', SPACE, ()),
    'azure_kinect': (lambda path, i: own.azure(path / f'{i}.json', [own.body('azure_kinect', 20, i)]), 'azure_kinect',
                     SPACE, ()),
    'array': (lambda path, i: own.write(path / f'{i}.csv', '\n'.join(
        ','.join(map(str, frame.reshape(-1))) for frame in own.body('nw_ucla', 20, i))), 'nw_ucla', SPACE,
        ('--axes', 'TVC', '--layout', 'nw_ucla')),
}


def config_of(path, layout, channels):
    """The config that docs/data.md shows for data of one's own."""
    flat = ", load_pipeline=[dict(type='NormalizePose2D')]" if channels == PICTURE else ''
    (path / 'mine.py').write_text(f"""
_base_ = '{ROOT}/configs/hico/hico_gru_nwucla.py'
source = dict(ann_file={str(path / 'mine.pkl')!r}, layout='{layout}'{flat})
model = dict(backbone=dict(channels=16), cls_head=dict(num_classes=2),
             data_preprocessor=dict(layout='{layout}', num_persons=1, in_channels={channels}))
train_dataloader = dict(batch_size=4, num_workers=0, persistent_workers=False, dataset=dict(split='train', **source))
val_dataloader = dict(dataset=dict(split='train', **source))
test_dataloader = val_dataloader
""")
    config = load_config(str(path / 'mine.py'))
    complete_config(config)
    return config


@pytest.mark.parametrize('name', FORMATS)
def test_check_and_a_step_of_pretraining(tmp_path, capsys, name):
    make, layout, channels, options = FORMATS[name]
    for i in range(8):
        make(tmp_path / 'raw' / ('sit', 'wave')[i % 2], i)
    assert main(['convert', str(tmp_path / 'raw'), '--out', str(tmp_path / 'mine.pkl'), *options]) == 0
    assert main(['check', str(tmp_path / 'mine.pkl'), '--layout', layout]) == 0, capsys.readouterr().out
    assert 'classes   0 (sit): 4, 1 (wave): 4' in capsys.readouterr().out
    config = config_of(tmp_path, layout, channels)
    model = MODELS.build(config.model)
    data = model.data_preprocessor(next(iter(Runner.build_dataloader(config.train_dataloader))), True)
    loss, _ = model.parse_losses(model.loss(**data))
    loss.backward()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    before = [weight.detach().clone() for weight in weights]
    torch.optim.SGD(weights, lr=0.1).step()
    assert torch.isfinite(loss) and data['inputs'].shape[2:4] == (1, 64) and data['inputs'].shape[-1] == channels
    assert any(not torch.equal(old, new) for old, new in zip(before, weights))


def test_an_unlabelled_clip_is_pretrained_on_with_the_others(tmp_path):
    for i in range(6):
        own.azure(tmp_path / 'raw' / ('.' if i % 2 else 'wave') / f'{i}.json', [own.body('azure_kinect', 20, i)])
    assert main(['convert', str(tmp_path / 'raw'), '--out', str(tmp_path / 'mine.pkl')]) == 0
    config = config_of(tmp_path, 'azure_kinect', SPACE)
    config.train_dataloader.dataset.split = 'pretrain'
    model = MODELS.build(config.model)
    batch = next(iter(Runner.build_dataloader(config.train_dataloader)))
    loss, _ = model.parse_losses(model.loss(**model.data_preprocessor(batch, True)))
    assert torch.isfinite(loss)


def test_layouts_are_given_by_json(tmp_path):
    layout = dict(name='mine', parents=[0, 0, 1], center=0, spine=[0, 1], shoulders=[1, 2])
    own.write(tmp_path / 'mine.json', json.dumps(layout))
    own.write(tmp_path / 'raw' / 'a.csv', '0,0,0,0,1,0,1,1,0\n' * 3)
    args = [str(tmp_path / 'raw'), '--axes', 'TVC', '--layout', str(tmp_path / 'mine.json')]
    assert main(['convert', *args, '--out', str(tmp_path / 'mine.pkl')]) == 0
