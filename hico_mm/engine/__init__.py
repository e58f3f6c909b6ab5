"""Hooks and loops that MMEngine and MMAction2 do not provide."""

from .half_precision import Bf16OptimWrapper  # noqa: F401
from .hooks import *  # noqa: F401,F403
from .loops import *  # noqa: F401,F403
