"""HiCo, hierarchical contrast for skeleton-based action representation learning, as a plugin of MMAction2.

Importing the package registers all its components in MMAction2's registries.
"""

from .compat import prepare_host

prepare_host()

from . import apis, datasets, engine, evaluation, models, structures  # noqa: E402
from .version import __version__  # noqa: E402

__all__ = ['__version__', 'apis', 'datasets', 'engine', 'evaluation', 'models', 'structures']
