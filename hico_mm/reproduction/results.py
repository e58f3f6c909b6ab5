"""Collect, fuse and tabulate the results of the steps."""

import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from ..evaluation.fusion import accuracies, align, comparable, default_weights, fuse, search_weights
from ..evaluation.stream_output import load_predictions
from ..fileio import write_json
from .plan import Setting
from .protocols import PROTOCOLS
from .published import published

# The table rows for the result of each baseline: task, model, and which of its scores.
_RAW, _UNTRAINED, _SCRATCH = BASELINE_NAMES = 'raw coordinates', 'untrained encoder', 'from scratch'
BASELINE_ROWS = dict(
    raw=[('linear', _RAW, 'top1'), ('knn', _RAW, 'knn')],
    untrained=[('linear', _UNTRAINED, 'top1'), ('knn', _UNTRAINED, 'knn')],
    scratch=[('finetune', _SCRATCH, 'top1')], scratch1=[('semi1', _SCRATCH, 'top1')],
    scratch10=[('semi10', _SCRATCH, 'top1')])
ORDER = ('knn', 'linear', 'semi1', 'semi10', 'finetune', 'transfer')


def collect(folder: Path) -> List[dict]:
    """Return a row for each result in a folder: ``task``, ``variant``, ``stream``, ``seed``, ``top1``."""
    rows = []
    for path in sorted(folder.rglob('result.json')):
        result = json.loads(path.read_text())
        if 'top1' not in result or result['task'].startswith('dump'):
            continue
        rows += [dict(result, task=task, variant=name, top1=result[score])
                 for task, name, score in BASELINE_ROWS.get(result['task'], ())] or [result]
    return rows


def fuse_streams(out: Path, setting: Setting, streams: Sequence[str]) -> None:
    """Fuse the linear scores of some streams, if they exist, with default weights and with searched weights."""
    folders = [[out / setting._replace(stream=s).name / task for s in streams] for task in ('dump', 'dump_train')]
    if not all((folder / 'result.json').exists() for split in folders for folder in split):
        return
    dumps = (align([load_predictions(folder / 'predictions.pkl') for folder in split]) for split in folders)
    test, train = comparable(*dumps)
    for task, weights in ('fusion', default_weights(len(streams))), ('fusion, weights searched', search_weights(train)):
        top1, mean1 = accuracies(fuse(test, weights), test[0].labels)
        place = setting._replace(stream='+'.join(streams))
        write_json(dict(place._asdict(), task=task, draw=None, top1=top1, mean1=mean1, weights=list(weights)),
                   out / place.name / task.replace(', ', '_').replace(' ', '_') / 'result.json')


Key = Tuple[str, str, str]


def grouped(rows: Sequence[dict]) -> Dict[Key, Dict[int, List[float]]]:
    """Group the accuracies in % by (task, variant, stream), then by seed."""
    groups: Dict[Key, Dict[int, List[float]]] = {}
    for row in rows:
        key = row['task'], row['variant'], row['stream']
        groups.setdefault(key, {}).setdefault(row['seed'], []).append(100 * row['top1'])
    return groups


def table(rows: Sequence[dict], epochs: int) -> str:
    """Format rows as Markdown: mean over seeds of the mean over draws, its deviation, and the paper's figure."""
    lines = [f'| task | model | stream | top-1, % ({epochs} epochs) | runs (seeds) | paper (451 epochs) |',
             '|---|---|---|---|---|---|']
    order = {task: i for i, task in enumerate(ORDER)}
    names = (*BASELINE_NAMES, '')
    groups = grouped(rows)
    for task, variant, stream in sorted(groups, key=lambda key: (
            key[1] if key[1] not in names else '', order.get(key[0], len(order)), key[2],
            names.index(key[1]) if key[1] in names else 0)):
        seeds = groups[task, variant, stream]
        figure = published(task, rows[0]['encoder'], rows[0]['dataset'], stream, variant)
        lines.append(f'| {task} | {variant or "HiCo"} | {stream} | {summary(seeds)} '
                     f'| {sum(map(len, seeds.values()))} ({len(seeds)}) | {"-" if figure is None else figure} |')
    return '\n'.join(lines) + '\n'


def summary(seeds: Dict[int, List[float]]) -> str:
    """Format the mean of accuracies by seed, and the deviation over seeds, or over the draws of a single seed."""
    values = [mean(draws) for draws in seeds.values()]
    spread = values if len(values) > 1 else max(seeds.values(), key=len)
    return f'{mean(values):.1f}' + (f' ± {stdev(spread):.1f}' if len(spread) > 1 else '')


def comparison(results: Dict[str, Sequence[dict]]) -> Optional[str]:
    """Make a plain table of raw coordinates, untrained and trained encoder; None if there is no baseline.

    Args:
        results: Rows by the name of the protocol. Those of the stream of its pretraining config are used.
    """
    columns = (_RAW, _UNTRAINED, '')
    if not any(row['variant'] in columns[:-1] for rows in results.values() for row in rows):
        return None
    return '\n'.join(_comparison_lines(results, columns))


def _comparison_lines(results: Dict[str, Sequence[dict]], columns: Sequence[str]) -> Iterator[str]:
    yield f'{"accuracy on the test split, %":<44} {"raw":>11} {"untrained":>11} {"trained":>11}'
    for name, rows in results.items():
        groups: Dict[Any, Dict[int, List[float]]] = grouped(rows)
        for task, title in ('knn', 'retrieval (k-NN, k=1, cosine)'), ('linear', 'linear evaluation (last epoch)'):
            cells = (groups.get((task, column, PROTOCOLS[name].stream)) for column in columns)
            yield f'{f"{name} {title}":<44} ' + ' '.join(f'{summary(cell) if cell else "-":>11}' for cell in cells)
