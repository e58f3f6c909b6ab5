"""Parts of a split: labelled subsets for semi-supervised learning, and held-out clips."""

import re
from numbers import Integral
from typing import Any, List, Sequence

import numpy as np

from ..errors import LARGEST_SEED, UserError, check_number


def check_subset(subset: Any) -> None:
    """Check the arguments of :func:`draw_subset` in a config.

    Raises:
        UserError: if it is not a dict of them, or one is invalid.
    """
    if not isinstance(subset, dict) or not {'fraction'} <= subset.keys() <= {'fraction', 'seed', 'per_class'}:
        raise UserError(f'subset must be a dict with fraction and, if needed, seed and per_class, got {subset!r}')
    check_number(subset['fraction'], 'subset.fraction', above=0, most=1)
    seed, per_class = subset.get('seed', 0), subset.get('per_class', True)
    if not isinstance(seed, Integral) or isinstance(seed, bool) or not 0 <= int(seed) <= LARGEST_SEED:
        raise UserError(f'subset.seed must be a whole number from 0 to {LARGEST_SEED}, got {seed!r}')
    if not isinstance(per_class, bool):
        raise UserError(f'subset.per_class must be True or False, got {per_class!r}')


def draw_subset(labels: Sequence[int],
                names: Sequence[str],
                fraction: float,
                seed: int = 0,
                per_class: bool = True) -> List[int]:
    """Draw a fraction of the clips: max(1, round(fraction * n_c)) of each class c, or the same formula for all clips.

    The subset depends on names and seed, not on the order of the clips. Subsets with the same seed are nested: the 1 %
    subset lies within the 10 % subset.

    Args:
        labels: Label of each clip.
        names: Name of each clip.
        fraction: The fraction of the clips, in (0, 1].
        seed: Random seed. Defaults to 0.
        per_class: Whether to draw from each class separately. False draws from all clips at random, as in some
            published work, so rare classes may be missing. Defaults to True.

    Returns:
        Indices of the drawn clips, in ascending order.

    Raises:
        UserError: if the fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise UserError(f'the fraction of a labelled subset must be above 0 and at most 1, got {fraction}')
    rng = np.random.default_rng(seed)
    order = sorted(range(len(names)), key=lambda i: names[i])
    groups = [[i for i in order if labels[i] == c] for c in sorted(set(labels))] if per_class else [order]
    drawn = (rng.permutation(group)[:max(1, round(fraction * len(group)))] for group in groups)
    return sorted(int(i) for part in drawn for i in part)


def hold_out(annotation: dict, split: str, pattern: str) -> dict:
    """Divide a split in two, to choose settings without the test split.

    Args:
        annotation: An annotation with ``split`` and ``annotations``.
        split: The split to divide.
        pattern: Regular expression; clips whose names contain a match are held out.

    Returns:
        The annotation with two more splits: ``<split>_held`` with the held-out clips, and ``<split>_fit`` with the
        others.

    Raises:
        UserError: if there is no such split, the pattern is not a regular expression, or it matches all clips or none.
    """
    if not isinstance(annotation, dict) or not isinstance(annotation.get('split'), dict):
        raise UserError('the annotation is a list of clips without splits, so there is no split to divide: it must be '
                        '{"split": {name: [frame_dir]}, "annotations": [...]}')
    if split not in annotation['split']:
        raise UserError(f'the annotation has no split "{split}": it has {sorted(annotation["split"])}')
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UserError(f'the name pattern {pattern!r} is not a regular expression ({error}): put "\\" before literal '
                        'brackets') from error
    names = annotation['split'][split]
    if not names:
        raise UserError(f'split "{split}" has no clips to divide')
    held = [name for name in names if found.search(name)]
    if not 0 < len(held) < len(names):
        raise UserError(f'{pattern!r} is found in {len(held)} of the {len(names)} names of "{split}", such as '
                        f'{names[0]}: give a pattern that matches some of them')
    parts = {f'{split}_fit': [name for name in names if not found.search(name)], f'{split}_held': held}
    return dict(annotation, split={**annotation['split'], **parts})
