"""The index of models names every pretraining config, and says the truth about it."""

import pytest
import yaml
from mmaction.registry import MODELS
from mmengine.config import Config

from tests.conftest import ROOT

INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
MODEL_LIST = [model for name in INDEX for model in yaml.safe_load((ROOT / name).read_text())['Models']]


def test_every_pretraining_config_is_in_it():
    assert {model['Config'] for model in MODEL_LIST} == {
        str(path.relative_to(ROOT)) for path in (ROOT / 'configs' / 'hico').glob('*.py')}
    assert all(model['Name'] == (ROOT / model['Config']).stem for model in MODEL_LIST)


@pytest.mark.parametrize(
    'name', ['hico_gru_ntu60', 'hico_lstm_nwucla', 'hico_transformer_pku2', 'hico_lstm_nwucla_small'])
def test_its_numbers(name):
    model, = (model for model in MODEL_LIST if model['Name'] == name)
    config = Config.fromfile(ROOT / model['Config'])
    built = MODELS.build(config.model)
    parameters = sum(p.numel() for part in (built.backbone, built.neck) for p in part.parameters())
    data = model['Metadata']
    assert (data['Parameters'], data['Batch Size'], data['Epochs']) == (
        parameters, config.train_dataloader.batch_size, config.train_cfg.max_epochs)
