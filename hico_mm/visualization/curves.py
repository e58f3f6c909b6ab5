"""Curves of training, from the log that mmengine writes."""

import json
from pathlib import Path
from typing import Dict, Union

from matplotlib.figure import Figure

from ..structures import LEVELS

PANELS = ((tuple(f'loss_{level}' for level in LEVELS), 'contrastive loss'),
          (tuple(f'acc_{level}' for level in LEVELS), 'contrast accuracy'),
          (('acc/top1', ), 'k-NN accuracy, test split'))


def read_scalars(work_dir: Union[str, Path]) -> Dict[str, Dict[float, float]]:
    """What a run has logged: {name: {epoch: value}}. A later run in the same folder, a resumed one, goes on.

    Raises:
        FileNotFoundError: if there is no log.
    """
    files = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(f'{work_dir} has no log */vis_data/scalars.json: give the --work-dir of a training')
    scalars: Dict[str, Dict[float, float]] = {}
    for file in files:
        for line in file.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # a run was killed while it wrote
                continue
            epoch = row.get('epoch', row.get('step', 0))
            for name, value in row.items():
                scalars.setdefault(name, {})[epoch] = value
    return scalars


def plot_curves(runs: Dict[str, Union[str, Path]]) -> Figure:
    """Draw the curves of one or more pretrainings: each level's loss and contrast accuracy, and the k-NN accuracy.

    Args:
        runs: Work directories by the name to show. Levels are told apart by colour, runs by the style of the line.

    Raises:
        FileNotFoundError: if a run has no log.
    """
    figure = Figure(figsize=(4.5 * len(PANELS), 4.2), layout='constrained')
    axes = figure.subplots(1, len(PANELS))
    for axis, (names, title) in zip(axes, PANELS):
        for style, (run, work_dir) in zip(('-', '--', ':', '-.') * len(runs), runs.items()):
            scalars = read_scalars(work_dir)
            for colour, name in enumerate(names):
                points = sorted(scalars.get(name, {}).items())
                label = run if name == 'acc/top1' else f'{run} {name.partition("_")[2]}'
                axis.plot(*zip(*points) if points else ([], []), style, color=f'C{colour}', label=label,
                          marker='o' if name == 'acc/top1' else None)
        axis.set(title=title, xlabel='epoch')
        axis.grid(alpha=.3)
    figure.legend(handles=axes[0].lines, loc='outside lower center', ncols=len(LEVELS), fontsize=8)
    axes[-1].legend(fontsize=8)
    return figure
