"""Which queries are compared with which keys at each level."""

from typing import Dict, NamedTuple, Optional, Sequence

from ...errors import UserError, check_number
from ...structures import LEVELS, check_names


class Contrast(NamedTuple):
    """A row in the table of contrasts: the level of the query, and the level of its keys and negatives."""

    query: str
    key: str


# By the name of the loss. At the domain level (eq. 9), temporal queries have spatial keys, and the reverse.
CONTRASTS = {
    'clip': Contrast('clip', 'clip'),
    'part': Contrast('part', 'part'),
    'temporal': Contrast('temporal', 'spatial'),
    'spatial': Contrast('spatial', 'temporal'),
    'instance': Contrast('instance', 'instance'),
}


def weigh_levels(levels: Sequence[str], weights: Optional[Dict[str, float]] = None) -> Dict[str, float]:
    """Return the weight of the loss of each level, in the order of ``LEVELS``.

    Args:
        levels: Levels to compare.
        weights: Weights of some levels; the others have the weight 1. Defaults to None.

    Raises:
        UserError: if a level is not known, or the level of its keys is switched off; or if a weight is negative.
    """
    levels = check_names(levels, LEVELS, 'levels')
    if not {CONTRASTS[level].key for level in levels} <= set(levels):
        raise UserError(f"levels 'temporal' and 'spatial' need each other's keys: switch both on or off, got "
                        f'{list(levels)}')
    for level, weight in (weights or {}).items():
        check_number(weight, f'loss_weights[{level!r}]', least=0)
    if weights:
        check_names(list(weights), levels, 'loss_weights')
    return {**dict.fromkeys(levels, 1.0), **(weights or {})}
