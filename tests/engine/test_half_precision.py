"""Mixed precision on a CPU; without its instructions, autocast gives the same results, only slower."""

import numpy as np
import pytest
import torch

from hico_mm.cli import extract_features, test, train
from hico_mm.engine import half_precision
from hico_mm.engine.half_precision import Bf16OptimWrapper
from hico_mm.errors import UserError


@pytest.fixture(autouse=True)
def _processor_with_bfloat16(monkeypatch):
    monkeypatch.setattr(half_precision, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(half_precision, 'computes_in_bfloat16', lambda: True)


@pytest.mark.parametrize('line, does', [
    ('flags\t\t: fpu avx512_bf16 x', True), ('flags : fpu amx_bf16', True), ('Features : asimd bf16', True),
    ('flags : fpu avx512f avx512_bf16x', False), ('model name : bf16', False)])
def test_is_found_in_the_flags_of_the_processor(line, does, tmp_path, monkeypatch):
    monkeypatch.undo()
    info = tmp_path / 'cpuinfo'
    info.write_text(f'processor : 0\n{line}\n\n')
    monkeypatch.setattr(half_precision, 'CPU_INFO', info)
    assert half_precision.computes_in_bfloat16() is does
    monkeypatch.setattr(half_precision, 'CPU_INFO', tmp_path / 'none')
    assert not half_precision.computes_in_bfloat16()


def test_trains_close_to_float32_and_keeps_everything_in_float32(make_runner, tmp_path):
    losses, seen = {}, set()
    for half in False, True:
        runner = make_runner(f'half{half}', epochs=2, **({'optim_wrapper.type': 'Bf16OptimWrapper'} if half else {}))
        if half:
            runner.model.neck.register_forward_hook(lambda module, x, y: seen.add(y.clip.dtype))
        runner.train()
        losses[half] = runner.message_hub.get_scalar('train/loss')._log_history[:4]
    assert isinstance(runner.optim_wrapper, Bf16OptimWrapper) and {torch.bfloat16, torch.float16} & seen
    assert not np.array_equal(losses[True], losses[False])
    np.testing.assert_allclose(losses[True], losses[False], rtol=0.02)
    kept = [*runner.model.state_dict().values()]
    kept += [value for state in runner.optim_wrapper.optimizer.state.values() for value in state.values()]
    assert {value.dtype for value in kept if value.is_floating_point()} == {torch.float32}


def test_every_command_that_encodes_has_it(make_runner, linear_model, tmp_path, capsys):
    make_runner('tiny').cfg.dump(tmp_path / 'pretrain.py')
    make_runner('tiny', model=linear_model, loop='FeatureTrainLoop').cfg.dump(tmp_path / 'linear.py')
    pretrain, linear = str(tmp_path / 'pretrain.py'), str(tmp_path / 'linear.py')
    assert train.main([pretrain, '--amp', '--work-dir', str(tmp_path / 'w')]) == 0
    checkpoint = str(tmp_path / 'w' / 'epoch_1.pth')
    assert train.main([linear, '--amp', '--work-dir', str(tmp_path / 'l'), '--pretrained', checkpoint]) == 0
    features = {}
    for amp in [], ['--amp']:
        assert test.main([linear, str(tmp_path / 'l/epoch_1.pth'), '--work-dir', str(tmp_path / 't'), *amp]) == 0
        out = tmp_path / 'features.npz'
        assert extract_features.main([linear, checkpoint, '--split', 'val', '--out', str(out), *amp]) == 0
        features[bool(amp)] = np.load(out)['feature']
    assert features[True].dtype == np.float32 and not np.array_equal(features[True], features[False])
    np.testing.assert_allclose(features[True], features[False], atol=0.05)


def test_another_wrapper_of_the_optimizer_is_not_replaced(make_runner):
    config = make_runner('tiny').cfg
    config.optim_wrapper.type = 'ApexOptimWrapper'
    with pytest.raises(UserError, match='optim_wrapper.type is ApexOptimWrapper'):
        half_precision.use_half_precision(config)
