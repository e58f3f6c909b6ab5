"""Building parts that share what one of them knows."""

import inspect
from typing import Any, Set

from mmengine.registry import Registry


def build_part(registry: Registry, config: Any, **shared: Any) -> Any:
    """Build a part; of ``shared`` it gets what it takes and its config leaves out. What is no dict is built already.

    Args:
        registry: The registry that knows the part.
        config: Config of the part, or the part.
        **shared: Arguments such as ``layout`` and ``in_channels``; those that are None are not handed on.
    """
    return registry.build(fill_in(registry, config, **shared)) if isinstance(config, dict) else config


def fill_in(registry: Registry, config: dict, **shared: Any) -> dict:
    """The config with what it leaves out; see :func:`build_part`."""
    kind = config.get('type')
    takes = _parameters(registry.get(kind) if isinstance(kind, str) else kind)
    return {**{key: value for key, value in shared.items() if value is not None and key in takes}, **config}


def _parameters(kind: Any) -> Set[str]:
    """Names of the arguments of a class or function; those its base classes take, where it hands ``**kwargs`` on."""
    names: Set[str] = set()
    for source in inspect.getmro(kind) if inspect.isclass(kind) else [kind]:
        init = vars(source).get('__init__') if inspect.isclass(source) else source
        if callable(init):
            parameters = inspect.signature(init).parameters
            names |= set(parameters)
            if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
                break
    return names
