"""What the README shows works."""

import re

import pytest
import torch
from conftest import ROOT
from helpers import make_annotation
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner

from hico_mm.utils import dump_pickle

README = (ROOT / 'README.md').read_text()


@pytest.mark.parametrize('base, views, frames', [
    ('hico_gru_nwucla.py', 2, 64), ('linear/hico_gru_nwucla_linear.py', 1, 64),
    ('hico_lstm_nwucla_small.py', 2, 32), ('linear/hico_lstm_nwucla_small_linear.py', 1, 32)])
def test_the_config_for_your_own_data(tmp_path, base, views, frames):
    """As it stands, and over the base of linear evaluation, as the README says."""
    example = re.search(r'## Your own data.*?```python\n(.*?)```', README, re.DOTALL)[1]
    assert './hico_gru_nwucla.py' in example and base in README
    (tmp_path / 'mine.py').write_text(example.replace('./hico_gru_nwucla.py', f'{ROOT}/configs/hico/{base}'))
    config = Config.fromfile(tmp_path / 'mine.py')
    annotation = make_annotation(config.model.data_preprocessor.layout, num_persons=1, num_classes=5)
    dump_pickle(annotation, tmp_path / 'mine.pkl')
    loader = config.train_dataloader
    loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    loader.dataset.ann_file = str(tmp_path / 'mine.pkl')
    model = MODELS.build(config.model)
    data = model.data_preprocessor(next(iter(Runner.build_dataloader(loader))), True)
    assert data['inputs'].shape == (4, views, 1, frames, 13, 3)
    assert torch.isfinite(model.parse_losses(model.loss(**data))[0])


def test_commands_and_configs_exist():
    for path in set(re.findall(r'(?:tools|configs|\.ci)/[\w/.-]+\.(?:py|sh)', README)):
        assert (ROOT / path).exists() or path.endswith('/mine.py'), path  # which the reader writes
    for encoder in ('gru', 'lstm', 'transformer'):
        for dataset in ('ntu60', 'ntu60-xview', 'ntu120', 'ntu120-xset', 'pku1', 'pku2', 'nwucla', 'nwucla_small'):
            assert (ROOT / f'configs/hico/hico_{encoder}_{dataset}.py').exists()
