"""Training curves from the log that mmengine writes."""

import json
from pathlib import Path
from typing import Dict, Union

from matplotlib.figure import Figure

from ..errors import UserError
from ..structures import LEVELS

PANELS = ((tuple(f'loss_{level}' for level in LEVELS), 'contrastive loss'),
          (tuple(f'acc_{level}' for level in LEVELS), 'contrast accuracy'),
          (('acc/top1', ), 'k-NN accuracy, test split'))


def read_scalars(work_dir: Union[str, Path]) -> Dict[str, Dict[float, float]]:
    """Read the log of a run: {name: {epoch: value}}. Later (resumed) runs in the same folder continue it.

    Raises:
        FileNotFoundError: if there is no log.
    """
    files = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(f'{work_dir} has no log */vis_data/scalars.json: give the --work-dir of a training run')
    scalars: Dict[str, Dict[float, float]] = {}
    for file in files:
        for line in file.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # the run was killed while writing
                continue
            epoch = row.get('epoch', row.get('step', 0))
            for name, value in row.items():
                scalars.setdefault(name, {})[epoch] = value
    return scalars


def plot_curves(runs: Dict[str, Union[str, Path]]) -> Figure:
    """Plot loss and contrast accuracy of each level, and the k-NN accuracy, of one or more pretraining runs.

    Args:
        runs: Work directories by display name. Colors show levels, and line styles show runs.

    Raises:
        FileNotFoundError: if a run has no log.
        UserError: if a run is not one of pretraining.
    """
    logs = {run: read_scalars(work_dir) for run, work_dir in runs.items()}
    for run, scalars in logs.items():
        if not scalars.keys() & {*PANELS[0][0]}:
            raise UserError(f'{runs[run]} is not a run of pretraining, since its log has no contrastive loss: leave it '
                            'out')
    figure = Figure(figsize=(4.5 * len(PANELS), 4.2), layout='constrained')
    axes = figure.subplots(1, len(PANELS))
    for axis, (names, title) in zip(axes, PANELS):
        for style, (run, scalars) in zip(('-', '--', ':', '-.') * len(runs), logs.items()):
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
