"""Collate clips into a batch."""

from typing import Iterator, List, Sequence

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from torch import Tensor

from .checks import clip_name
from .transforms import RaggedClips


class LabelledSamples:
    """The data samples of a batch, created lazily.

    Data loader workers transfer each tensor separately, so a batch has a single tensor for all labels. Pretraining does
    not use the samples at all.

    Args:
        labels: (n,).
        names: The names of the n clips, saved as ``frame_dir`` in the metainfo of the samples.
    """

    def __init__(self, labels: Tensor, names: Sequence[str]) -> None:
        self.labels, self.names = labels, names
        self._samples: List[ActionDataSample] = []

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[ActionDataSample]:
        if not self._samples:
            self._samples = [ActionDataSample(metainfo=dict(frame_dir=name)).set_gt_label(label)
                             for name, label in zip(self.names, self.labels.split(1))]
        return iter(self._samples)

    def __getitem__(self, index: int) -> ActionDataSample:
        return list(self)[index]


@FUNCTIONS.register_module()
def skeleton_collate(batch: List[dict]) -> dict:
    """Collate annotations with ``keypoint`` (M, T, V, C) and ``label`` into :class:`RaggedClips` and data samples.

    Samples that a pipeline has packed into ``inputs`` are collated as in MMAction2, except that clips (M, T, V, C) also
    become :class:`RaggedClips`. Clips (num_clips, M, T, V, C) of a stock pipeline are left unchanged.
    """
    if 'inputs' not in batch[0]:
        clips = [torch.from_numpy(np.ascontiguousarray(sample['keypoint'])) for sample in batch]
        labels = torch.tensor([int(sample['label']) for sample in batch])
        return dict(inputs=RaggedClips.from_clips(clips),
                    data_samples=LabelledSamples(labels, [clip_name(sample) for sample in batch]))
    collated = pseudo_collate(batch)
    if batch[0]['inputs'].ndim == 4:
        collated['inputs'] = RaggedClips.from_clips([sample['inputs'] for sample in batch])
    return collated
