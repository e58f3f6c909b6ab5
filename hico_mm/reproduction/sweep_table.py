"""Tables of the runs of a sweep."""

import math
from typing import Any, Dict, List, Tuple

import numpy as np
from rich.console import Console
from rich.table import Table

from . import few_labels

SCORES = ('knn', 'linear')


def show(rows: List[dict], console: Console) -> None:
    """Print the mean of each setting on each dataset, and over datasets, with standard errors over seeds."""
    datasets = list(dict.fromkeys(row['dataset'] for row in rows))
    table = Table('setting', *datasets, 'all', title='k-NN / linear in %, mean and standard error over seeds')
    for setting in dict.fromkeys(row['setting'] for row in rows):
        mine = [row for row in rows if row['setting'] == setting]
        cells = [summary([row for row in mine if row['dataset'] == dataset]) for dataset in datasets]
        table.add_row(setting, *cells, summary(mine) if all(cells) else '')
    console.print(table)
    for dataset in datasets:
        labelled = [row for row in rows if row['dataset'] == dataset and 'labels' in row]
        if labelled:
            console.print(table_of_labels(labelled, f'{dataset}: labelled subsets, in %'))


def table_of_labels(rows: List[dict], title: str) -> Table:
    """Return a table of the accuracies with few labels, as means and standard deviations over seeds and draws."""
    table = Table('setting', 'clips', 'steps', 'frozen, k-NN', 'frozen, linear', 'finetuned', title=title)
    found: Dict[tuple, List[list]] = {}
    for row in rows:
        for part in row['labels']:
            scores = [part[score] for score in few_labels.SCORES]
            found.setdefault((row['setting'], part['clips'], part['steps']), []).append(scores)
    for (setting, clips, steps), scores in sorted(found.items()):
        means, deviations = np.mean(scores, 0), np.std(scores, 0)
        table.add_row(setting, str(clips), str(steps), *(f'{mean:.1f}±{deviation:.1f}'
                                                         for mean, deviation in zip(means, deviations)))
    return table


def summary(rows: List[dict]) -> str:
    """Return the mean of both scores over datasets, with standard errors over seeds if there are several."""
    by_seed: Dict[int, Dict[str, Tuple[float, ...]]] = {}
    for row in rows:
        by_seed.setdefault(row['seed'], {})[row['dataset']] = tuple(row[score] for score in SCORES)
    if len({frozenset(values) for values in by_seed.values()}) != 1:
        return ''  # seeds on different datasets cannot be compared
    means: Any = np.array([np.mean(list(values.values()), 0) for values in by_seed.values()])
    if len(means) == 1:
        return ' / '.join(f'{value:.1f}' for value in means[0])
    errors = means.std(0, ddof=1) / math.sqrt(len(means))
    return ' / '.join(f'{value:.1f}±{error:.1f}' for value, error in zip(means.mean(0), errors))
