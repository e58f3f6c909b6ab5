"""Hooks and loops, only what the host lacks."""

from .hooks import *  # noqa: F401,F403
from .loops import *  # noqa: F401,F403
