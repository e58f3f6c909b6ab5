"""Parts of a split: labelled subsets for semi-supervised learning, and clips that are held out."""

import re
from typing import List, Sequence

import numpy as np

from ..errors import UserError


def draw_subset(labels: Sequence[int],
                names: Sequence[str],
                fraction: float,
                seed: int = 0,
                per_class: bool = True) -> List[int]:
    """Draw a fraction of the clips: max(1, round(fraction * n_c)) of each class c, or that of all of them.

    The draw depends on names and seed, not on the order of the clips, and those of one seed are nested: 1 % lies within
    10 %.

    Args:
        labels: Label of each clip.
        names: Its name.
        fraction: The fraction of the clips, in (0, 1].
        seed: Seed of the draw. Defaults to 0.
        per_class: Draw from each class by itself; False draws from all clips at random, as some published work does,
            and rare classes may be missed. Defaults to True.

    Returns:
        Indices of the clips that were drawn, ascending.

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
        The annotation with two more splits: ``<split>_held``, those clips, and ``<split>_fit``, the others.

    Raises:
        UserError: if there is no such split, the pattern is not a regular expression, or it divides nothing.
    """
    if not isinstance(annotation, dict) or not isinstance(annotation.get('split'), dict):
        raise UserError('the annotation is a list of clips without splits, so there is none to divide: give it '
                        '{"split": {name: [frame_dir]}, "annotations": [...]}')
    if split not in annotation['split']:
        raise UserError(f'the annotation has no split "{split}": it has {sorted(annotation["split"])}')
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UserError(f'the pattern of names {pattern!r} is not a regular expression ({error}): put "\\" before a '
                        'bracket that is meant as such') from error
    names = annotation['split'][split]
    held = [name for name in names if found.search(name)]
    if not 0 < len(held) < len(names):
        raise UserError(f'{pattern!r} is found in {len(held)} of the {len(names)} names of "{split}", such as '
                        f'{names[0]}: give a pattern that divides them')
    parts = {f'{split}_fit': [name for name in names if not found.search(name)], f'{split}_held': held}
    return dict(annotation, split={**annotation['split'], **parts})
