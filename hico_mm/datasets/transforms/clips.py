"""Clips of different lengths in one tensor."""

from typing import List, NamedTuple

import torch
from torch import Tensor


class RaggedClips(NamedTuple):
    """A batch of n clips with their frames concatenated, so that it is copied to the device at once.

    The axes are persons, frames, joints, coordinates, as everywhere from the annotation to the model.

    Args:
        frames: (M, T_1 + ... + T_n, V, C).
        lengths: (n,), the number of frames of each clip.
    """

    frames: Tensor
    lengths: Tensor

    @classmethod
    def from_clips(cls, clips: List[Tensor]) -> 'RaggedClips':
        """Build from clips (M, T, V, C). If M differs, missing persons are filled with zeros."""
        persons = max(len(clip) for clip in clips)
        lengths = [clip.shape[1] for clip in clips]
        frames = clips[0].new_empty(persons, sum(lengths), *clips[0].shape[2:])
        for clip, place in zip(clips, frames.split(lengths, 1)):
            place[:len(clip)] = clip
            place[len(clip):] = 0
        return cls(frames, torch.tensor(lengths))
