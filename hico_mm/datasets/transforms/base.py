"""Base of the skeleton augmentations: parameters are drawn, then applied."""

from typing import Any, Dict, Optional

import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

Parameters = Dict[str, Any]


class SkeletonTransform(BaseTransform):
    """A transform of a batch of clips in two parts: ``draw`` is random, ``apply`` is deterministic.

    A stock MMAction2 pipeline calls it on one clip; ``SkeletonDataPreprocessor`` calls it on a whole batch.

    Required Keys:
        - keypoint

    Modified Keys:
        - keypoint
    """

    def draw(self, n: int, generator: Optional[torch.Generator] = None) -> Parameters:
        """Draw parameters for n clips: tensors on the CPU whose first axis has length n.

        Args:
            n: Number of clips.
            generator: Random generator. Defaults to torch's global one.
        """
        raise NotImplementedError

    def apply(self, clips: Tensor, parameters: Parameters) -> Tensor:
        """Transform clips (n, M, T, V, C) with their parameters; the shape is unchanged."""
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
    """Copy parameters to another device."""
    return {key: to_device(value, device) if isinstance(value, dict) else value.to(device, non_blocking=True)
            for key, value in parameters.items()}


def select(parameters: Parameters, index: Tensor) -> Parameters:
    """Select the parameters of some of the clips."""
    return {key: select(value, index) if isinstance(value, dict) else value[index.to(value.device)]
            for key, value in parameters.items()}
