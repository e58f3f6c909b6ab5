"""From clips to a batch."""

from typing import List

from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS

from .transforms import RaggedClips


@FUNCTIONS.register_module()
def skeleton_collate(batch: List[dict]) -> dict:
    """Samples with ``inputs`` (M, T, V, C) -> their frames in one tensor (:class:`RaggedClips`); the rest as a list.

    Samples of a stock MMAction2 pipeline, with ``inputs`` (num_clips, M, T, V, C), are collated as MMAction2 does.
    """
    collated = pseudo_collate(batch)
    clips = [sample['inputs'] for sample in batch]
    if clips[0].ndim == 4:
        collated['inputs'] = RaggedClips.from_clips(clips)
    return collated
