"""Building transforms that share a layout."""

import inspect
from typing import Any, Optional

from mmaction.registry import TRANSFORMS

from ...structures import SkeletonLayout


def build_transform(config: Any, layout: Optional[SkeletonLayout]) -> Any:
    """Build a transform; one that takes a ``layout`` and is given none gets this one. Callables stay as they are."""
    if not isinstance(config, dict):
        return config
    kind = config['type']
    kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
    if kind is not None and layout is not None and 'layout' in inspect.signature(kind).parameters:
        config = {'layout': layout, **config}
    return TRANSFORMS.build(config)
