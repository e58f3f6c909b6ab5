"""Building transforms that share what they say of the skeleton."""

import inspect
from typing import Any

from mmaction.registry import TRANSFORMS


def build_transform(config: Any, **shared: Any) -> Any:
    """Build a transform; of ``shared`` it gets what it takes and its config does not set. Callables stay as they are.

    Args:
        config: Config of the transform, or the transform.
        **shared: Arguments such as ``layout`` and ``in_channels``; those that are None are not passed on.
    """
    if not isinstance(config, dict):
        return config
    kind = config['type']
    kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
    takes = inspect.signature(kind).parameters if kind is not None else {}
    known = {key: value for key, value in shared.items() if value is not None and key in takes}
    return TRANSFORMS.build({**known, **config})
