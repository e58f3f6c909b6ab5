"""Each row of docs/errors.md is what a user sees, and each mistake has a row."""

import pytest
import torch

from tests.cli.mistakes import DOC, MISTAKES, documented, is_printed, make_scene, run

ROWS = {row.wrong: row for row in documented()}
CASES = [pytest.param(name, id=name, marks=[pytest.mark.slow] if mistake.slow else [])
         for name, mistake in MISTAKES.items()]


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp('mistakes')
    make_scene(folder)
    return folder


def test_every_mistake_has_a_row_and_every_row_a_mistake():
    assert list(ROWS) == list(MISTAKES), DOC
    assert len(documented()) == len(ROWS)


@pytest.mark.parametrize('name', CASES)
def test_what_is_printed(scene, name):
    if torch.cuda.is_available() and 'GPU' in name:
        pytest.skip('there is a GPU')
    if 'faiss' in name:
        pytest.importorskip('faiss')
    code, printed = run(MISTAKES[name].command, scene)
    assert is_printed(ROWS[name], printed), printed[-2000:]
    assert code == ROWS[name].code
    assert 'hico_mm/cli/' not in printed  # the lines of a traceback
