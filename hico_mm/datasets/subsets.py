"""Labelled subsets for semi-supervised learning."""

from typing import List, Sequence

import numpy as np


def draw_subset(labels: Sequence[int],
                names: Sequence[str],
                fraction: float,
                seed: int = 0,
                per_class: bool = True) -> List[int]:
    """Draw a share of the clips: max(1, round(fraction * n_c)) of each class c, or that of all of them.

    The draw depends on names and seed, not on the order of the clips, and those of one seed are nested: 1 % lies within
    10 %.

    Args:
        labels: Label of each clip.
        names: Its name.
        fraction: Share of the clips, in (0, 1].
        seed: Seed of the draw. Defaults to 0.
        per_class: Draw from each class by itself; False draws from all clips at random, as some published work does,
            and rare classes may be missed. Defaults to True.

    Returns:
        Indices of the clips that were drawn, ascending.

    Raises:
        ValueError: if the fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f'the fraction of a labelled subset must be above 0 and at most 1, got {fraction}')
    rng = np.random.default_rng(seed)
    order = sorted(range(len(names)), key=lambda i: names[i])
    groups = [[i for i in order if labels[i] == c] for c in sorted(set(labels))] if per_class else [order]
    drawn = (rng.permutation(group)[:max(1, round(fraction * len(group)))] for group in groups)
    return sorted(int(i) for part in drawn for i in part)
