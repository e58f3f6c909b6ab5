"""What the accuracies of a report are compared with."""

from typing import Any, Dict, List

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..evaluation import encode
from ..structures import InstanceFeatures
from .encoded import Encoded
from .features import nearest
from .statistics import accuracy_of

LARGEST_BASELINE = 2 * 10**8  # numbers in all clips, above which the baseline of raw coordinates is left out


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
