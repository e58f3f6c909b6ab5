"""Encode a dataset once."""

from typing import Any, List, NamedTuple

import torch
from mmaction.structures import ActionDataSample
from mmengine import dist
from rich.progress import track
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..models.unwrap import unwrap


class EncodedClips(NamedTuple):
    """Features of a dataset, in the order of its clips.

    Args:
        features: (n, D) on the CPU.
        samples: n data samples, with ``gt_label`` and, in their metainfo, ``frame_dir``.
    """

    features: Tensor
    samples: List[ActionDataSample]

    @property
    def labels(self) -> Tensor:
        """(n,) labels."""
        return torch.cat([sample.gt_label for sample in self.samples])


@torch.no_grad()
def encode(model: nn.Module, dataloader: DataLoader, level: str = 'instance', title: str = 'encoding') -> EncodedClips:
    """Encode all clips in eval mode, without augmentation. The model's mode is restored afterwards.

    Each rank encodes a part and gets the features of all. Augmented views of a clip are averaged.

    Args:
        model: A recognizer whose features are hierarchical.
        dataloader: A loader that reads the dataset in order.
        level: The level to keep. Defaults to 'instance'.
        title: Title of the progress bar. Defaults to 'encoding'.
    """
    recognizer: Any = unwrap(model)
    training = recognizer.training
    recognizer.eval()
    features = torch.empty(0)
    samples: List[ActionDataSample] = []
    for batch in track(dataloader, title, disable=not dist.is_main_process(), transient=True):
        part = encode_batch(recognizer, batch, level)
        if not samples:  # allocated at once: concatenating the parts would take twice the memory
            features = part.new_empty((len(dataloader.sampler), *part.shape[1:]))  # type: ignore[arg-type]
        features[len(samples):len(samples) + len(part)] = part
        samples.extend(sample.cpu() for sample in batch['data_samples'])
    recognizer.train(training)
    return _gather(EncodedClips(features, samples), len(dataloader.dataset))  # type: ignore[arg-type]


@torch.no_grad()
def encode_batch(model: Any, batch: dict, level: str = 'instance') -> Tensor:
    """Encode a batch to features (n, D) on the CPU in the model's current mode; augmented views are averaged."""
    inputs = model.data_preprocessor(batch, False)['inputs']
    features = model.extract_feat(inputs)[0].level(level)
    features = features.to(torch.promote_types(features.dtype, torch.float32))  # from autocast
    return features.unflatten(0, inputs.shape[:2]).mean(1).cpu()


def _gather(part: EncodedClips, size: int) -> EncodedClips:
    """Merge the parts of all ranks in dataset order, without the padding added by mmengine's sampler."""
    if dist.get_world_size() == 1:
        return part
    features = torch.stack(dist.all_gather(part.features), 1).flatten(0, 1)
    samples = [sample for turn in zip(*dist.all_gather_object(part.samples)) for sample in turn]
    return EncodedClips(features[:size], samples[:size])
