"""Building parts that share what one of them knows."""

import inspect
from typing import Any

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
    kind = registry.get(config['type']) if isinstance(config['type'], str) else config['type']
    takes = inspect.signature(kind).parameters if kind is not None else {}
    return {**{key: value for key, value in shared.items() if value is not None and key in takes}, **config}
