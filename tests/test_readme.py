"""What the README shows works."""

import re

import torch
from conftest import ROOT
from helpers import make_annotation
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner

from hico_mm.utils import dump_pickle

README = (ROOT / 'README.md').read_text()


def test_the_config_for_your_own_data(tmp_path):
    example = re.search(r'## Your own data.*?```python\n(.*?)```', README, re.DOTALL)[1]
    (tmp_path / 'mine.py').write_text(example.replace("'./", f"'{ROOT}/configs/hico/"))
    config = Config.fromfile(tmp_path / 'mine.py')
    annotation = make_annotation(config.model.backbone.layout, num_persons=1, num_classes=5)
    dump_pickle(annotation, tmp_path / 'mine.pkl')
    loader = config.train_dataloader
    loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    loader.dataset.ann_file = str(tmp_path / 'mine.pkl')
    model = MODELS.build(config.model)
    data = model.data_preprocessor(next(iter(Runner.build_dataloader(loader))), True)
    assert data['inputs'].shape == (4, 2, 1, 64, 13, 3)
    assert torch.isfinite(model.parse_losses(model.loss(**data))[0])


def test_commands_and_configs_exist():
    for path in set(re.findall(r'(?:tools|configs|\.ci)/[\w/.-]+\.(?:py|sh)', README)):
        assert (ROOT / path).exists(), path
    for encoder in ('gru', 'lstm', 'transformer'):
        for dataset in ('ntu60', 'nwucla'):
            assert (ROOT / f'configs/hico/hico_{encoder}_{dataset}.py').exists()
