"""What the accuracies of a report are compared with."""

from typing import Any, Dict, List, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..apis import init_model
from ..evaluation import encode
from ..structures import InstanceFeatures
from .encoded import Encoded
from .features import nearest
from .statistics import accuracy_of

LARGEST_BASELINE = 2 * 10**8  # numbers in all clips, above which the baseline of raw coordinates is left out
MOST_CLIPS = 20000  # above which the untrained encoder is left out, since all clips are encoded once more


def baselines_of(members: Sequence[Encoded], say: Any = lambda sentence: None) -> List[Dict[str, Any]]:
    """Return the accuracies to compare with: the most frequent class, and k-NN without any training.

    Without training, the features are the raw coordinates, and those of each encoder with its initial weights.

    Args:
        members: Encoders of the same clips.
        say: Called with a sentence when a step begins. Defaults to nothing.
    """
    one, clips = members[0], members[0].clips
    labels, queries = clips.labels[:clips.gallery], clips.labels[clips.gallery:]
    common = int(np.bincount(labels[labels >= 0], minlength=1).argmax())
    rows = [_baseline('most frequent class', np.full(len(queries), common), queries, len(clips.classes))]
    size = next(iter(one.loaders['test']))
    width = one.runs[0].model.data_preprocessor(size, False)['inputs'][0].numel()
    if width * len(clips.names) <= LARGEST_BASELINE:
        rows.append(_nearest('k-NN on raw coordinates', _Raw(one.runs[0].model.data_preprocessor), one, 'instance'))
    for member in members if len(clips.names) <= MOST_CLIPS else ():
        run = member.runs[0]
        if any(True for _ in run.model.parameters()):
            name = f'k-NN on untrained encoder{f" of {run.name}" if len(members) > 1 else ""}'
            say(f'encoding {len(clips.names)} clips with the encoder of {run.name}, untrained')
            rows.append(_nearest(name, untrained(run.model), member, run.level))
    return rows


def untrained(model: Any, seed: int = 0) -> nn.Module:
    """Return a model like another one, but with initial weights, on the same device."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return init_model(model.cfg, device=next(model.parameters()).device)


def _nearest(name: str, model: nn.Module, one: Encoded, level: str) -> Dict[str, Any]:
    """Return the accuracy of k-NN (k = 1) on the features of a model."""
    clips = one.clips
    features = torch.cat([encode(model, one.loaders[role], level, f'{name}, {role}').features.float().flatten(1)
                          for role in ('train', 'test')])
    found = nearest(features, np.arange(clips.gallery), 1).places[clips.gallery:, 0]
    return _baseline(name, clips.labels[:clips.gallery][found], clips.labels[clips.gallery:], len(clips.classes))


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
