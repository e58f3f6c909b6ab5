"""From clips to a batch."""

from typing import Iterator, List, Sequence

import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from torch import Tensor

from .transforms import RaggedClips


class LabelledSamples:
    """Data samples that have a label and meta information, made when they are first looked at.

    A worker of a data loader hands each tensor over by itself, so a batch had better have one for all labels; and
    pretraining does not look at them at all.

    Args:
        labels: (n,).
        metainfo: n dicts.
    """

    def __init__(self, labels: Tensor, metainfo: Sequence[dict]) -> None:
        self.labels, self.metainfo = labels, metainfo
        self._samples: List[ActionDataSample] = []

    @classmethod
    def pack(cls, samples: list) -> 'list | LabelledSamples':
        """Pack data samples; those with more than one label are left as they are."""
        if all(isinstance(s, ActionDataSample) and s.keys() == ['gt_label'] and s.gt_label.shape == (1, )
               for s in samples):
            return cls(torch.cat([sample.gt_label for sample in samples]), [sample.metainfo for sample in samples])
        return samples

    def __len__(self) -> int:
        return len(self.metainfo)

    def __iter__(self) -> Iterator[ActionDataSample]:
        if not self._samples:
            self._samples = [ActionDataSample(metainfo=meta).set_gt_label(label)
                             for meta, label in zip(self.metainfo, self.labels.split(1))]
        return iter(self._samples)

    def __getitem__(self, index: int) -> ActionDataSample:
        return list(self)[index]


@FUNCTIONS.register_module()
def skeleton_collate(batch: List[dict]) -> dict:
    """Samples with ``inputs`` (M, T, V, C) -> their frames in one tensor (:class:`RaggedClips`); the rest as a list.

    Samples of a stock MMAction2 pipeline, with ``inputs`` (num_clips, M, T, V, C), are collated as MMAction2 does.
    """
    collated = pseudo_collate(batch)
    clips = [sample['inputs'] for sample in batch]
    if clips[0].ndim == 4:
        collated['inputs'] = RaggedClips.from_clips(clips)
    if 'data_samples' in collated:
        collated['data_samples'] = LabelledSamples.pack(collated['data_samples'])
    return collated
