"""Encode the clips of a run."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ..evaluation import encode
from .clips import Clips, clips_of
from .features import Neighbours, nearest
from .runs import Run, loaders_of

NEIGHBOURS = 5


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


def encode_run(runs: List[Run], say: Any = lambda sentence: None, names: Sequence[str] = ()) -> Encoded:
    """Encode both splits of a run and find the neighbours of every clip."""
    run = runs[0]
    for other in runs[1:]:
        say(f'{other.name} has the encoder of {run.name}, so its classifier is shown there')
    loaders = loaders_of(runs[-1])
    known = next((one.description.classes for one in runs if one.description.classes), None)
    head = runs[-1].model.cls_head if runs[-1].model.with_cls_head else None
    clips = clips_of(loaders, run.model.data_preprocessor.layout, known, getattr(head, 'num_classes', 0) or 0,
                     names)
    say(f'encoding {len(clips.names)} clips with {run.checkpoint}')
    parts = [encode(run.model, loaders[role], run.level, f'{run.name}, {role}') for role in ('train', 'test')]
    features = torch.cat([part.features.float().flatten(1) for part in parts])
    return Encoded(runs, loaders, clips, features, nearest(features, np.arange(clips.gallery), NEIGHBOURS))
