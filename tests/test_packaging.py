"""What a wheel and an sdist hold, and a wheel alone at work."""

import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """A folder with the sdist, and with the wheel that is built from it."""
    folder = tmp_path_factory.mktemp('dist')
    done = subprocess.run([sys.executable, '-m', 'build', '--no-isolation', '--outdir', folder, ROOT],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder


def test_twine_accepts_both(built):
    files = [str(path) for path in built.iterdir()]
    assert len(files) == 2
    done = subprocess.run([sys.executable, '-m', 'twine', 'check', '--strict', *files], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count('PASSED') == 2, done.stdout


def test_the_wheel_has_every_config_and_tool(built):
    wheel, = built.glob('*.whl')
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in 'configs', 'tools':
        for path in (ROOT / folder).rglob('*'):
            if path.is_file() and path.suffix != '.pyc':
                assert f'hico_mm/.mim/{path.relative_to(ROOT)}' in names, path
    assert {'hico_mm/.mim/model-index.yml', 'hico_mm/.mim/metafile.yml', 'hico_mm/py.typed'} <= names
    assets = {f'hico_mm/report/assets/{path.name}' for path in (ROOT / 'hico_mm/report/assets').iterdir()}
    assert len(assets) >= 8 and assets <= names
    assert not [name for name in names if name.startswith('tests/') or name.endswith('.pyc')]


def test_the_sdist_has_what_the_tests_need(built):
    sdist, = built.glob('*.tar.gz')
    names = {name.split('/', 1)[1] for name in tarfile.open(sdist).getnames() if '/' in name}
    assert {'tests/conftest.py', 'constraints.txt', 'tools/run_tests.sh', 'docs/errors.md', 'pyproject.toml'} <= names


def test_the_wheel_alone_makes_data_and_trains(built, tmp_path):
    wheel, = built.glob('*.whl')
    zipfile.ZipFile(wheel).extractall(tmp_path / 'site')
    empty = tmp_path / 'empty'
    empty.mkdir()

    commands = [
        'info', 'make-demo --out raw --num-subjects 4 --workers 1',
        'convert raw --format ntu60 --out data/demo/demo.pkl',
        'train hico_lstm_demo --epochs 1 --cfg-options model.backbone.channels=16 train_dataloader.num_workers=0 '
        'val_dataloader.num_workers=0']
    program = (f'import sys; sys.path.insert(0, {str(tmp_path / "site")!r}); from hico_mm.cli.main import main; '
               f'sys.exit(max(main(line.split()) for line in {commands}))')  # one process, to load torch only once
    done = subprocess.run([sys.executable, '-c', program], cwd=empty, text=True, timeout=300, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert str(tmp_path / 'site') in done.stdout
    assert (empty / 'work_dirs' / 'hico_lstm_demo' / 'epoch_1.pth').is_file()
