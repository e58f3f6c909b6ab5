import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from hico_mm import compat
from hico_mm.compat import parts_of_checkpoints
from hico_mm.restricted_load import load_restricted


def test_missing_and_wrong_versions_get_one_sentence(monkeypatch):
    monkeypatch.setattr(compat, '_installed_version', lambda package: '2.2.0' if package == 'mmcv' else '1.2.0')
    monkeypatch.setattr(compat, 'REQUIRED', {'mmcv': '>=2.0.0rc4,<2.2'})
    with pytest.raises(ImportError, match=r'needs mmcv>=2.0.0rc4,<2.2, but 2.2.0 is installed: pip install "mmcv-lite'):
        compat.check_versions()
    monkeypatch.setattr(compat, '_installed_version', lambda package: None)
    monkeypatch.setattr(compat.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='needs mmcv.*which is not installed: pip install "mmcv-lite'):
        compat.check_versions()


def test_registers_everything_from_any_directory(tmp_path):
    code = ('import hico_mm; from mmaction.registry import *; '
            'print([r.get(n) is not None for r, n in [(MODELS, "HiCo"), (DATASETS, "SkeletonDataset"), '
            '(TRANSFORMS, "PoseShear"), (HOOKS, "GalleryHook"), (LOOPS, "FeatureTrainLoop")]])')
    out = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert out.strip().splitlines()[-1] == str([True] * 5)


def test_placeholder_says_what_is_wrong_and_a_whole_wheel_is_left_alone(monkeypatch, tmp_path):
    import mmaction
    from mmaction.models import localizers
    if issubclass(localizers.DRN, compat._MissingDRN):  # else this is a whole one
        with pytest.raises(ImportError, match='not part of this mmaction2 wheel'):
            localizers.DRN()
    whole = tmp_path / 'models' / 'localizers' / 'drn'
    whole.mkdir(parents=True)
    (whole / '__init__.py').touch()
    monkeypatch.delitem(sys.modules, 'mmaction.models.localizers.drn', raising=False)
    monkeypatch.setattr(mmaction.__spec__, 'submodule_search_locations', [str(tmp_path)])
    compat.fill_in_drn()
    assert 'mmaction.models.localizers.drn' not in sys.modules


def test_works_beside_a_version_of_transformers_that_mmaction2_cannot_import(tmp_path):
    (tmp_path / 'transformers').mkdir()
    (tmp_path / 'transformers' / '__init__.py').write_text('raise ImportError("too new for mmaction2")')
    (tmp_path / 'transformers-5.17.0.dist-info').mkdir()
    (tmp_path / 'transformers-5.17.0.dist-info' / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: transformers\nVersion: 5.17.0\n')
    code = 'import hico_mm; from mmaction.registry import MODELS; print(MODELS.get("HiCo") is not None)'
    search = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get('PYTHONPATH')]))
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          env=dict(os.environ, PYTHONPATH=search))
    assert done.stdout.strip().endswith('True'), done.stderr


def test_mmengine_checkpoints_load_and_nothing_else_does(tmp_path):
    history = HistoryBuffer()
    history.update(2.0)
    torch.save(dict(message_hub=dict(log_scalars=dict(loss=history))), tmp_path / 'good.pth')
    loaded = CheckpointLoader.load_checkpoint(str(tmp_path / 'good.pth'))['message_hub']['log_scalars']['loss']
    assert loaded.mean() == 2.0

    class Evil:

        def __reduce__(self):
            return getattr, (HistoryBuffer, '__init__')

    torch.save(dict(x=Evil()), tmp_path / 'evil.pth')
    with pytest.raises(pickle.UnpicklingError, match='is not allowed in checkpoints'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'evil.pth'))


def test_ranges_are_those_that_are_installed_by():
    text = (Path(__file__).parents[1] / 'pyproject.toml').read_text()
    for package, wanted in compat.REQUIRED.items():
        assert package == 'mmcv' or f'"{package}{wanted}"' in text


class MakesFolder:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path), )


@pytest.mark.parametrize('new_format', [True, False])
def test_the_loader_for_torch_before_2_6_runs_nothing(make_runner, tmp_path, new_format):
    path = tmp_path / 'evil.pth'
    torch.save(dict(state_dict={}, meta=MakesFolder(tmp_path / 'ran')), path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(pickle.UnpicklingError, match='it names posix.mkdir, which is not allowed in checkpoints'):
        load_restricted(str(path), parts_of_checkpoints())
    assert not (tmp_path / 'ran').exists()
    runner = make_runner('run')
    runner.train()
    written = str(tmp_path / 'run' / 'epoch_1.pth')
    ours, torchs = load_restricted(written, parts_of_checkpoints()), torch.load(written, weights_only=False)
    torch.testing.assert_close(ours['state_dict'], torchs['state_dict'], rtol=0, atol=0)
    assert ours['meta'] == torchs['meta'] and ours['message_hub'].keys() == torchs['message_hub'].keys()


def test_a_config_is_formatted_once_and_anew_when_it_changes(monkeypatch):
    texts = []
    monkeypatch.setattr('mmengine.config.config.FormatCode',
                        lambda text, **kwargs: (texts.append(text), (text, True))[1])
    config = Config(dict(a=1, nested=dict(b=[2])))
    assert config.pretty_text == config.pretty_text and len(texts) == 1
    config.nested.b = [3]
    assert '3' in config.pretty_text and len(texts) == 2


def test_ctrl_c_while_a_config_is_formatted_is_ctrl_c(monkeypatch):
    def interrupted(text, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmengine.config.config.FormatCode', interrupted)
    with pytest.raises(KeyboardInterrupt):
        str(Config(dict(unlike_any_other=1)).pretty_text)
