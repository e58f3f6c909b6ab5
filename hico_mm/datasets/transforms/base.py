"""What skeleton augmentations have in common: parameters are drawn, then applied."""

from typing import Any, Dict, Optional

import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

Parameters = Dict[str, Any]


class SkeletonTransform(BaseTransform):
    """A transform of a batch of clips, split in two: ``draw`` has all the randomness, ``apply`` has none.

    In a stock MMAction2 pipeline it is called on one clip, in ``SkeletonDataPreprocessor`` on a whole batch.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint
    """

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Parameters for n clips: tensors whose first axis is n, on the CPU.

        Args:
            n: Number of clips.
            generator: Source of randomness. Defaults to torch's own.
        """
        raise NotImplementedError

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Clips (n, M, T, V, C) and their parameters -> clips of the same shape."""
        raise NotImplementedError

    def transform(self, results: dict) -> dict:
        """Transform ``results['keypoint']``, one clip (M, T, V, C)."""
        clip = torch.as_tensor(results['keypoint']).float()
        results['keypoint'] = self.apply(clip[None], self.draw(1))[0].numpy()
        return results

    def __repr__(self) -> str:
        arguments = ', '.join(f'{key}={value!r}' for key, value in vars(self).items() if not key.startswith('_'))
        return f'{type(self).__name__}({arguments})'


def to_device(parameters: Parameters, device: torch.device) -> Parameters:
    """The same parameters on another device."""
    return {key: to_device(value, device) if isinstance(value, dict) else value.to(device, non_blocking=True)
            for key, value in parameters.items()}


def select(parameters: Parameters, index: Tensor) -> Parameters:
    """The parameters of some of the clips."""
    return {key: select(value, index) if isinstance(value, dict) else value[index.to(value.device)]
            for key, value in parameters.items()}
