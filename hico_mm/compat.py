"""Check the installed packages and work around known faults in them, once, when ``hico_mm`` is imported."""

import importlib
import importlib.machinery
import importlib.util
import pickle
import sys
import types
import warnings
from collections import Counter
from importlib import metadata
from typing import Any, List, Tuple

from packaging.specifiers import SpecifierSet

from .restricted_load import load_restricted

REQUIRED = {
    'torch': '>=2.1',
    'mmengine': '>=0.10.7,<1',
    'mmcv': '>=2.0.0rc4,<2.2',
    'mmaction2': '>=1.2,<1.3',
}
# `mmcv` and `mmcv-lite` install the same folder `mmcv/`, so either can be used.
DISTRIBUTIONS = {'mmcv': ('mmcv', 'mmcv-lite')}


def _installed_version(package: str) -> 'str | None':
    for distribution in DISTRIBUTIONS.get(package, (package, )):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def check_versions() -> None:
    """Check that the packages hico_mm depends on are installed in a supported version.

    Raises:
        ImportError: if one is missing or unsupported; the message names it and says what to install.
    """
    for package, wanted in REQUIRED.items():
        remedy = f'pip install "{DISTRIBUTIONS.get(package, (package, ))[-1]}{wanted}"'
        version = _installed_version(package)
        if version is None and importlib.util.find_spec(package.replace('mmaction2', 'mmaction')) is None:
            raise ImportError(f'hico_mm needs {package}{wanted}, which is not installed: {remedy}')
        if version is not None and not SpecifierSet(wanted).contains(version, prereleases=True):
            raise ImportError(f'hico_mm needs {package}{wanted}, but {version} is installed: {remedy}')


def check_numpy() -> None:
    """Check that torch and NumPy can exchange arrays.

    Raises:
        ImportError: if they cannot, as with torch before 2.3 and NumPy 2.
    """
    import numpy as np
    import torch

    try:
        torch.zeros(1).numpy()
    except RuntimeError as error:
        raise ImportError(
            f'torch {torch.__version__} cannot exchange arrays with NumPy {np.__version__}: '
            'pip install "numpy<2" "opencv-python<4.12" "opencv-contrib-python<4.12"') from error


class _MissingDRN:
    """Replacement for a localizer that is missing from the PyPI wheel of mmaction2 1.2.0."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise ImportError('DRN is not part of this mmaction2 wheel (the folder mmaction/models/localizers/drn is '
                          'missing): install mmaction2 from its repository to use it.')


def fill_in_drn() -> None:
    """Make ``import mmaction.models`` work with the wheel that lacks ``mmaction.models.localizers.drn``."""
    package = importlib.util.find_spec('mmaction')
    locations = package.submodule_search_locations if package else None
    if not locations or \
            importlib.machinery.PathFinder.find_spec('drn', [f'{path}/models/localizers' for path in locations]):
        return
    name = 'mmaction.models.localizers.drn'
    parent, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    parent.__path__ = []  # type: ignore[attr-defined]
    module.DRN = type('DRN', (_MissingDRN, ), {})  # type: ignore[attr-defined]
    parent.drn = module  # type: ignore[attr-defined]
    sys.modules.setdefault(name, parent)
    sys.modules.setdefault(f'{name}.drn', module)


def leave_out_multimodal() -> None:
    """Make ``import mmaction.models`` work beside versions of transformers that its multimodal models cannot import.

    Those models, which skeletons do not need, are replaced by MMAction2's own placeholders, as without transformers.
    """
    from mmaction.utils import dependency

    if SpecifierSet('>4.55.4').contains(_installed_version('transformers') or '0', prereleases=True):
        dependency.WITH_MULTIMODAL = False


def _history_method(owner: Any, name: str) -> Any:
    """Restrict ``getattr`` to the one use that checkpoints need: mmengine pickles methods of ``HistoryBuffer``."""
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in HistoryBuffer._statistics_methods:
        raise pickle.UnpicklingError(f'the checkpoint asks for {name} of {owner}, which is not allowed in checkpoints')
    return getattr(owner, name)


def allow_mmengine_checkpoints() -> None:
    """Allow the objects that mmengine saves in checkpoints, and nothing else, in torch's ``weights_only`` loading.

    Otherwise torch >= 2.6 refuses such checkpoints in testing and in ``--resume``. Before torch 2.6, mmengine would
    run any code that a file names, so its loader is replaced by our own.
    """
    import torch
    from mmengine.runner import CheckpointLoader

    if not SpecifierSet('<2.6').contains(torch.__version__.split('+')[0], prereleases=True):
        torch.serialization.add_safe_globals(parts_of_checkpoints())  # type: ignore[arg-type]
        return
    CheckpointLoader.register_scheme('', loader=lambda filename, map_location: load_restricted(
        filename, parts_of_checkpoints(), map_location), force=True)


def parts_of_checkpoints() -> List[Tuple[Any, str]]:
    """Return the objects other than tensors that mmengine saves in checkpoints, with their dotted names in files."""
    import numpy as np
    from mmengine.logging import HistoryBuffer

    HistoryBuffer()  # fills its table of methods
    # numpy 1 pickles as numpy.core, numpy 2 as numpy._core; a checkpoint may come from either.
    core = importlib.import_module('numpy._core.multiarray' if hasattr(np, '_core') else 'numpy.core.multiarray')
    numpy_functions = [(getattr(core, name), f'numpy.{package}.multiarray.{name}')
                       for name in ('_reconstruct', 'scalar') for package in ('core', '_core')]
    dtypes = [type(np.dtype(kind)) for kind in ('float64', 'float32', 'int64', 'int32', 'bool')]
    kinds = [(kind, f'{kind.__module__}.{kind.__qualname__}')
             for kind in (HistoryBuffer, Counter, np.ndarray, np.dtype, *dtypes)]
    return [*kinds, *numpy_functions, (_history_method, 'builtins.getattr')]


def format_configs_once() -> None:
    """Make mmengine format a config only once instead of for every checkpoint, and keep Ctrl-C working meanwhile.

    It uses yapf, which takes up to a quarter of a second and turns any exception into a ``SyntaxError``.
    """
    from mmengine.config import Config

    plain = Config.pretty_text.fget
    if getattr(plain, 'once', False):
        return
    last = dict(config='', text='')

    def pretty_text(config: Config) -> str:
        content = repr(config._cfg_dict.to_dict())
        if last['config'] != content:
            try:
                last.update(config=content, text=plain(config))
            except SyntaxError as error:
                cause: Any = error
                while cause is not None and not isinstance(cause, KeyboardInterrupt):
                    cause = cause.__context__
                raise (cause or error) from None
        return last['text']

    pretty_text.once = True  # type: ignore[attr-defined]
    Config.pretty_text = property(pretty_text, doc=plain.__doc__)


def prepare_host() -> None:
    """Check the versions, then work around known faults. Safe to call more than once."""
    check_versions()
    check_numpy()
    # mmcv-lite has no compiled operators; skeleton models use none.
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
    fill_in_drn()
    leave_out_multimodal()
    allow_mmengine_checkpoints()
    format_configs_once()
