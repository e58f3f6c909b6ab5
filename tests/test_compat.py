import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.logging import HistoryBuffer

from hico_mm import compat


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


def test_mmengine_checkpoints_load_and_nothing_else_does(tmp_path):
    history = HistoryBuffer()
    history.update(2.0)
    torch.save(dict(message_hub=dict(log_scalars=dict(loss=history))), tmp_path / 'good.pth')
    loaded = torch.load(tmp_path / 'good.pth', weights_only=True)['message_hub']['log_scalars']['loss']
    assert loaded.mean() == 2.0

    class Evil:

        def __reduce__(self):
            return getattr, (HistoryBuffer, '__init__')

    torch.save(dict(x=Evil()), tmp_path / 'evil.pth')
    with pytest.raises(pickle.UnpicklingError, match='no checkpoint needs'):
        torch.load(tmp_path / 'evil.pth', weights_only=True)


def test_ranges_are_those_that_are_installed_by():
    text = (Path(__file__).parents[1] / 'setup.py').read_text()
    for package, wanted in compat.REQUIRED.items():
        assert package == 'mmcv' or f"'{package}{wanted}'" in text
