"""Hooks and loops that MMEngine and MMAction2 do not provide."""

from .hooks import *  # noqa: F401,F403
from .loops import *  # noqa: F401,F403
