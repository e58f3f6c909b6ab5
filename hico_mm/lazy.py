"""Packages whose modules are imported when they are needed, since loading torch and MMAction2 takes seconds."""

from importlib import import_module
from typing import Any, Callable, Dict


def names_from(package: str, modules: Dict[str, str]) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package (PEP 562).

    Args:
        package: Name of the package.
        modules: Module of each name that the package offers.
    """

    def attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        return getattr(import_module(f'.{modules[name]}', package), name)

    return attribute
