import json

import pytest
import torch
from mmengine.config import Config

from hico_mm.apis import init_model
from hico_mm.checkpoints import META_KEY, describe_model
from tests.helpers import small_model


@pytest.fixture
def checkpoint(tmp_path):
    config = small_model()
    model = init_model(Config(dict(model=config)))
    torch.save(dict(state_dict=model.state_dict(),
                    meta={META_KEY: describe_model(config).to_json()}), tmp_path / 'a.pth')
    return model, tmp_path / 'a.pth'


def test_the_checkpoint_knows_its_model(checkpoint):
    model, path = checkpoint
    again = init_model(None, path)
    assert not again.training and again.cfg.model.type == 'HiCo'
    inputs = torch.randn(1, 1, 2, 8, 25, 3)
    assert (again.extract_feat(inputs)[0].instance == model.extract_feat(inputs)[0].instance).all()


def test_errors_name_the_file_and_the_remedy(checkpoint, tmp_path):
    _, path = checkpoint
    with pytest.raises(ValueError, match='needs a config, a checkpoint, or both'):
        init_model()
    said = "a.pth has model.neck.encoder.type='GRUEncoder', but the config has 'LSTMEncoder'"
    with pytest.raises(ValueError, match=said):
        init_model(Config(dict(model=small_model(**{'neck.encoder.type': 'LSTMEncoder'}))), path)
    for backbone in (None, dict(channels=16)):
        with pytest.raises(ValueError, match='from a checkpoint: pass a checkpoint to init_model too'):
            init_model(Config(dict(model=dict(type='SkeletonRecognizer', backbone=backbone))))
    torch.save(dict(state_dict={}), tmp_path / 'bare.pth')
    with pytest.raises(ValueError, match='bare.pth does not record its model: give the config'):
        init_model(None, tmp_path / 'bare.pth')
    for bad in (dict(type='subprocess.check_call', args=['touch', str(tmp_path / 'evil')]),
                dict(type='HiCo', neck=dict(_scope_='mmdet', type='FPN')), dict(a=[dict(type='os.system')])):
        torch.save(dict(state_dict={}, meta={META_KEY: json.dumps(dict(model=bad))}), tmp_path / 'evil.pth')
        refused = 'evil.pth asks for .* which is not a registered component|evil.pth .* its model has no type'
        with pytest.raises(ValueError, match=refused):
            init_model(None, tmp_path / 'evil.pth')
    assert not (tmp_path / 'evil').exists()
    (tmp_path / 'short.pth').write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match='short.pth is truncated or not a checkpoint'):
        init_model(None, tmp_path / 'short.pth')
    with pytest.raises(ValueError, match='none.pth does not exist'):
        init_model(None, tmp_path / 'none.pth')
