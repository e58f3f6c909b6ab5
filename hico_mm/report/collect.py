"""Collect what a report shows, as plain data."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..errors import UserError
from ..evaluation import encode
from ..structures import LEVELS, InstanceFeatures
from ..version import __version__
from ..visualization.curves import read_scalars
from .clips import Clips, clips_of, pack_clips, shown_clips
from .features import LARGE, Neighbours, make_map, nearest
from .runs import Run, loaders_of, paired
from .statistics import accuracy_of, calibration_of

NEIGHBOURS = 5
LARGEST_BASELINE = 2 * 10**8  # numbers in all clips, above which the baseline of raw coordinates is left out


class Encoded(NamedTuple):
    """An encoder and what it makes of the clips.

    Args:
        runs: The run of the encoder and, where there is one, that of the classifier.
        loaders: Loaders of its two splits.
        clips: Its clips.
        features: (n, D), in the order of the clips.
        neighbours: The nearest gallery clips of every clip.
    """

    runs: List[Run]
    loaders: Dict[str, DataLoader]
    clips: Clips
    features: Tensor
    neighbours: Neighbours

    @property
    def classifier(self) -> Optional[Run]:
        """The run with a trained classifier, if there is one."""
        return next((run for run in self.runs if run.has_classifier), None)


def collect(runs: Sequence[Run], most: int = 20000, budget: int = 36_000_000, seed: int = 0,
            say: Any = lambda sentence: None) -> Dict[str, Any]:
    """Collect the data of a report.

    Args:
        runs: The runs. A pretraining run and a classifier on its encoder are shown as one.
        most: Most clips on a map. Defaults to 20000.
        budget: Most characters of skeletons in the file, for all runs together. Defaults to 36 million.
        seed: Seed of the map and of the choice of clips. Defaults to 0.
        say: Called with a sentence when a step begins. Defaults to nothing.

    Returns:
        Plain data: ``sets`` of clips, and ``runs``, each of which refers to a set.

    Raises:
        UserError: if data are missing or do not fit the model.
    """
    encoded = [encode_run(group, say) for group in paired(list(runs))]
    keys = list(dict.fromkeys(one.clips.key for one in encoded))
    sets, pages = [], {}
    for number, key in enumerate(keys):
        members = [one for one in encoded if one.clips.key == key]
        clips = members[0].clips
        shown = shown_clips([one.neighbours.places for one in members], clips.gallery, most, seed)
        say(f'packing the skeletons of {len(shown)} clips')
        sets.append(dict(pack_clips(clips, shown, budget // len(keys)), baselines=baselines_of(members[0])))
        for one in members:
            say(f'map of {one.runs[0].name}: t-SNE of {len(shown)} clips, about {seconds(len(shown))}')
            pages[id(one)] = dict(page_of(one, shown, seed), set=number)
    return dict(version=__version__, neighbours=NEIGHBOURS, sets=sets, runs=[pages[id(one)] for one in encoded])


def seconds(clips: int) -> str:
    """Estimate the time of a map on one core, from measurements with 1,484 and 16,000 clips."""
    time = clips * (.008 if clips <= LARGE else .012)
    return f'{time:.0f} s' if time < 90 else f'{time / 60:.0f} minutes'


def encode_run(runs: List[Run], say: Any = lambda sentence: None) -> Encoded:
    """Encode both splits of a run and find the neighbours of every clip."""
    run = runs[0]
    for other in runs[1:]:
        say(f'{other.name} has the encoder of {run.name}, so its classifier is shown there')
    loaders = loaders_of(runs[-1])
    say(f'encoding {sum(len(loader.dataset) for loader in loaders.values())} clips '  # type: ignore[arg-type]
        f'with {run.checkpoint}')
    known = next((one.description.classes for one in runs if one.description.classes), None)
    head = runs[-1].model.cls_head if runs[-1].model.with_cls_head else None
    clips = clips_of(loaders, run.model.data_preprocessor.layout, known, getattr(head, 'num_classes', 0) or 0)
    parts = [encode(run.model, loaders[role], run.level, f'{run.name}, {role}') for role in ('train', 'test')]
    features = torch.cat([part.features.float().flatten(1) for part in parts])
    return Encoded(runs, loaders, clips, features, nearest(features, np.arange(clips.gallery), NEIGHBOURS))


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
    """Return the probabilities (n, C) of the classifier of a run for features (n, D) on the CPU."""
    device = next(run.model.parameters()).device
    with torch.no_grad():
        return torch.cat([run.model.cls_head(part.to(device)).float().softmax(1).cpu()
                          for part in features.split(4096)]).numpy()


def baselines_of(one: Encoded) -> List[Dict[str, Any]]:
    """Return the accuracies to compare with: the most frequent class, and k-NN on raw coordinates."""
    clips = one.clips
    labels, queries = clips.labels[:clips.gallery], clips.labels[clips.gallery:]
    common = int(np.bincount(labels[labels >= 0], minlength=1).argmax())
    rows = [_baseline('most frequent class', np.full(len(queries), common), queries, len(clips.classes))]
    size = next(iter(one.loaders['test']))
    width = one.runs[0].model.data_preprocessor(size, False)['inputs'][0].numel()
    if width * len(clips.names) <= LARGEST_BASELINE:
        raw = _Raw(one.runs[0].model.data_preprocessor)
        features = torch.cat([encode(raw, one.loaders[role], title=f'raw coordinates, {role}').features
                              for role in ('train', 'test')])
        found = nearest(features, np.arange(clips.gallery), 1).places[clips.gallery:, 0]
        rows.append(_baseline('k-NN on raw coordinates', labels[found], queries, len(clips.classes)))
    return rows


class _Raw(nn.Module):
    """The prepared coordinates in place of features."""

    def __init__(self, data_preprocessor: nn.Module) -> None:
        super().__init__()
        self.data_preprocessor = data_preprocessor

    def extract_feat(self, inputs: Tensor) -> Any:
        return InstanceFeatures(F.normalize(inputs.flatten(0, 1).flatten(1), dim=1)), {}


def _baseline(name: str, predictions: np.ndarray, labels: np.ndarray, num_classes: int) -> Dict[str, Any]:
    summary = accuracy_of(predictions, labels, num_classes)
    return dict({key: summary[key] for key in ('correct', 'total', 'value', 'low', 'high', 'mean_class')}, name=name)


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
    return {shown: sorted([float(step), float(value)] for step, value in scalars[name].items())
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


def check_names(runs: Sequence[Run]) -> None:
    """Check that runs can be told apart.

    Raises:
        UserError: if two have the same name.
    """
    names = [run.name for run in runs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f'two runs are called {twice}: give each run a name with --names')
