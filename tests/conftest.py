"""What tests share: tiny data, tools, the released code's figures."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from helpers import make_annotation
from mmengine.registry import init_default_scope

import hico_mm  # noqa: F401
from hico_mm.utils import dump_pickle

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT.parent / 'shared' / 'golden'


@pytest.fixture(autouse=True)
def _quiet_and_seeded():
    init_default_scope('mmaction')
    torch.manual_seed(0)


@pytest.fixture
def golden():
    """The folder with figures of the released code; tests that need it are skipped without."""
    if not GOLDEN.is_dir():
        pytest.skip('the released code\'s figures are not here')
    return GOLDEN


@pytest.fixture
def load_tool():
    """Import a script of ``tools/`` by its path."""

    def load(path):
        spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / 'tools' / path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def annotation_file(tmp_path):
    """A factory: the arguments of ``make_annotation`` -> path of the pickle."""

    def make(**kwargs):
        path = tmp_path / 'annotation.pkl'
        dump_pickle(make_annotation(**kwargs), path)
        return path

    return make
