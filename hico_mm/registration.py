"""Registration of all components in MMAction2's registries."""

import importlib
import sys
from pathlib import Path

from .shipped import TOOLS

PARTS = ('apis', 'datasets.collate', 'datasets.skeleton_dataset', 'datasets.transforms', 'engine', 'evaluation',
         'models', 'structures')


def register_all() -> None:
    """Check and prepare the packages that hico_mm needs, then register its components. Later calls do nothing.

    Raises:
        ImportError: if a package is missing or its version is not supported.
    """
    from .compat import prepare_host

    prepare_host()
    for part in PARTS:
        importlib.import_module(f'.{part}', __package__)


def is_own_command() -> bool:
    """Return whether the running program is ``hico-mm``, ``python -m hico_mm`` or a script of ``tools/``."""
    words = getattr(sys, 'orig_argv', [])  # Python 3.10
    if sys.argv[:1] == ['-m'] and ('-m', 'hico_mm') in zip(words, words[1:]):  # the module is being looked for
        return True
    program = Path(getattr(sys.modules.get('__main__'), '__file__', None) or sys.argv[0])
    if program.stem == 'hico-mm':
        return True
    commands = [TOOLS, *(TOOLS / folder for folder in ('analysis', 'convert', 'data'))]
    return program.suffix == '.py' and program.resolve().parent in [folder.resolve() for folder in commands]
