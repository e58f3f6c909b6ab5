"""HiCo, hierarchical contrast for skeleton-based action representation learning, as a plugin of MMAction2.

Importing the package registers all its components in MMAction2's registries. Only its own commands register them later,
after they have parsed their arguments, since loading torch and MMAction2 takes seconds.
"""

from .registration import is_own_command, register_all
from .version import __version__

__all__ = ['__version__', 'apis', 'datasets', 'engine', 'evaluation', 'models', 'register_all', 'structures']

if not is_own_command():
    register_all()
