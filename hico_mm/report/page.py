"""What a report shows of one run."""

import math
from typing import Any, Dict, List

import numpy as np
import torch
from torch import Tensor

from ..errors import UserError
from ..structures import LEVELS
from ..visualization.curves import read_scalars
from .clips import Clips
from .encoded import Encoded
from .features import make_map
from .runs import Run
from .statistics import accuracy_of, calibration_of


def page_of(one: Encoded, shown: np.ndarray, seed: int) -> Dict[str, Any]:
    """Return the data of a run: map, neighbours, predictions, accuracies, curves and description."""
    clips, run = one.clips, one.runs[0]
    place = np.full(len(clips.names), -1)
    place[shown] = np.arange(len(shown))
    knn = clips.labels[one.neighbours.places[:, 0]]
    test = np.arange(len(clips.names)) >= clips.gallery
    results = [_result('knn', 'k-NN', 'label of the nearest training clip by cosine similarity', knn, clips, test)]
    predictions = dict(knn=knn[shown].tolist())
    page: Dict[str, Any] = dict(
        name=run.name, level=run.level, notes=notes_of(one),
        map=np.round(make_map(one.features[shown], seed) * 65535).astype(int).ravel().tolist(),
        neighbours=place[one.neighbours.places[shown]].tolist(),
        cosines=np.round(one.neighbours.cosines[shown], 4).tolist(),
        curves=[curves_of(part) for part in one.runs], models=[model_of(part) for part in one.runs],
        calibration=None, confidence=None)
    if one.classifier is not None:
        probabilities = probabilities_of(one.classifier, one.features)
        chosen = probabilities.argmax(1)
        page['calibration'] = calibration_of(probabilities[test], clips.labels[test])
        page['confidence'] = np.round(probabilities.max(1)[shown], 4).tolist()
        predictions['classifier'] = chosen[shown].tolist()
        how = one.classifier.description.task + (f' ({one.classifier.name})' if one.classifier is not run else '')
        results.append(_result('classifier', 'classifier', how, chosen, clips, test))
    return dict(page, results=results, predictions=predictions)


def _result(key: str, name: str, how: str, predictions: np.ndarray, clips: Clips, test: np.ndarray) -> Dict[str, Any]:
    """Return the accuracies of predictions on the test split."""
    summary = accuracy_of(predictions[test], clips.labels[test], len(clips.classes))
    return dict(summary, key=key, name=name, how=how)


def probabilities_of(run: Run, features: Tensor) -> np.ndarray:
    """Return the probabilities (n, C) of the classifier of a run for features (n, D) on the CPU.

    Raises:
        UserError: if they are not finite.
    """
    device = next(run.model.parameters()).device
    with torch.no_grad():
        probabilities = torch.cat([run.model.cls_head(part.to(device)).float().softmax(1).cpu()
                                   for part in features.split(4096)])
    if not bool(probabilities.isfinite().all()):
        raise UserError(f'the classifier in {run.checkpoint} gives NaN: it has diverged, so give an earlier checkpoint')
    return probabilities.numpy()


def curves_of(run: Run) -> Dict[str, Any]:
    """Return the curves of a run's log, each a list of (epoch, value); empty if there is no log."""
    names = dict(**{f'loss_{level}': f'loss {level}' for level in LEVELS},
                 **{f'acc_{level}': f'accuracy {level}' for level in LEVELS})
    names.update({'loss_cls': 'loss classifier', 'top1_acc': 'accuracy classifier, training'})
    names['acc/top1'] = 'accuracy classifier, test' if run.has_classifier else 'accuracy k-NN, test'
    try:
        scalars = read_scalars(run.folder)
    except FileNotFoundError:
        return {}
    return {shown: sorted([float(step), float(value)] for step, value in scalars[name].items() if math.isfinite(value))
            for name, shown in names.items() if name in scalars}


def model_of(run: Run) -> Dict[str, Any]:
    """Return the description of a checkpoint, as rows of a table."""
    rows = [['checkpoint', str(run.checkpoint)], *map(list, run.description.rows())]
    return dict(task=run.description.task, rows=rows, epoch=run.description.epoch,
                max_epochs=run.description.max_epochs, encoder=_encoder(run.description.model))


def _encoder(model: Dict[str, Any]) -> str:
    """Name the encoder of a model in a few words."""
    encoder = ((model.get('neck') or {}).get('encoder') or {}).get('type', '')
    backbone = (model.get('backbone') or {}).get('type', '')
    return ', '.join(part for part in (backbone, encoder) if part)


def notes_of(one: Encoded) -> List[str]:
    """Return sentences about what a reader of the report must know."""
    notes = []
    clips = one.clips
    bare = int((clips.labels < 0).sum())
    if bare:
        notes.append(f'{bare} of the {len(clips.labels)} clips have no label. They are on the map, but not in the '
                     'accuracies.')
    both = set(clips.names[:clips.gallery]) & set(clips.names[clips.gallery:])
    if both:
        notes.append(f'{len(both)} clips are in both splits, for example {min(both)}, so the accuracies do not measure '
                     'the model.')
    for run in one.runs:
        epoch, last = run.description.epoch, run.description.max_epochs
        if epoch is not None and last is not None and epoch < last:
            notes.append(f'{run.checkpoint.name} is from epoch {epoch} of {last}.')
        if not curves_of(run):
            notes.append(f'{run.folder} has no log, so there are no curves of it.')
    return notes
