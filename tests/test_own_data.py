"""The config for data of one's own that docs/data.md shows."""

import re

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.runner import Runner

from hico_mm.checkpoints import EncoderSource, leaves_encoder_out, take_encoder_into
from hico_mm.fileio import dump_pickle
from hico_mm.wiring import complete_config, load_config
from tests.conftest import ROOT
from tests.helpers import make_annotation


def example():
    blocks = re.findall(r'```python\n(.*?)```', (ROOT / 'docs/data.md').read_text(), re.DOTALL)
    text, = (block for block in blocks if "name='mine'" in block)
    return text


@pytest.mark.parametrize('base, views, frames', [
    ('hico_gru_nwucla.py', 2, 64), ('hico_lstm_nwucla_small.py', 2, 32),
    ('linear/hico_nwucla_linear.py', 1, 64), ('linear/hico_nwucla_small_linear.py', 1, 64),
    ('finetune/hico_nwucla_finetune.py', 1, 64)])
def test_the_config_for_your_own_data(tmp_path, base, views, frames):
    """As it stands, and over the bases of downstream tasks with the encoder it has pretrained, as the README says."""
    for name, path in (('mine.py', 'hico_gru_nwucla.py'), ('task.py', base)):
        (tmp_path / name).write_text(example().replace('./hico_gru_nwucla.py', f'{ROOT}/configs/hico/{path}'))
    config = load_config(str(tmp_path / 'task.py'))
    if leaves_encoder_out(config.model):
        take_encoder_into(config, EncoderSource.open(tmp_path / 'mine.py'))
    complete_config(config)
    annotation = make_annotation(config.model.data_preprocessor.layout, num_persons=1, num_classes=5)
    dump_pickle(annotation, tmp_path / 'mine.pkl')
    loader = config.train_dataloader
    loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    loader.dataset.ann_file = str(tmp_path / 'mine.pkl')
    model = MODELS.build(config.model)
    data = model.data_preprocessor(next(iter(Runner.build_dataloader(loader))), True)
    assert data['inputs'].shape == (4, views, 1, frames, 13, 6 if base == 'hico_lstm_nwucla_small.py' else 3)
    assert torch.isfinite(model.parse_losses(model.loss(**data))[0])


def test_the_configs_of_each_encoder_and_dataset_exist():
    for encoder in ('gru', 'lstm', 'transformer'):
        for dataset in ('ntu60', 'ntu60-xview', 'ntu120', 'ntu120-xset', 'pku1', 'pku2', 'nwucla', 'nwucla_small'):
            assert (ROOT / f'configs/hico/hico_{encoder}_{dataset}.py').exists()
