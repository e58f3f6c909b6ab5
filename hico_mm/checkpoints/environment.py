"""The environment of a run: package versions and the state of the source tree."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Dict, Optional

from ..version import __version__

PACKAGES = ('torch', 'numpy', 'mmengine', 'mmcv', 'mmcv-lite', 'mmaction2')


def package_versions() -> Dict[str, str]:
    """Return the versions of Python, hico_mm and those of its main dependencies that are installed."""
    versions = dict(python=platform.python_version(), hico_mm=__version__)
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def git_state() -> Optional[str]:
    """Return the commit of the source tree, with ``+changes`` if files were modified; None if there is no checkout."""
    root = Path(__file__).parents[2]
    if not (root / '.git').exists():
        return None
    try:
        commit, changes = (subprocess.run(['git', '-C', str(root), *args], capture_output=True, text=True, check=True,
                                          timeout=10).stdout.strip()
                           for args in (('rev-parse', 'HEAD'), ('status', '--porcelain', '--untracked-files=no')))
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ('+changes' if changes else '')
