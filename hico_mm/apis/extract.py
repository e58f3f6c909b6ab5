"""Extract features of clips given as arrays."""

import logging
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose
from mmengine.logging import print_log
from rich.progress import track
from torch import nn

from ..datasets import skeleton_collate
from ..datasets.checks import keypoint_fault
from ..datasets.suspicions import wrong_units
from ..errors import UserError
from ..evaluation import encode_batch
from ..structures import SkeletonLayout
from ..wiring import complete_transforms


def extract(model: nn.Module,
            clips: Sequence[np.ndarray],
            level: str = 'instance',
            batch_size: int = 64,
            img_shape: Optional[Tuple[int, int]] = None) -> np.ndarray:
    """Encode raw clips. They are normalised, cropped and converted to the model's stream here.

    Args:
        model: A model from :func:`init_model`, which records how the clips it was trained on were normalised.
        clips: A list of clips, each (M, T, V, C), or (T, V, C) for one person; or an array (n, M, T, V, C). Joints
            whose coordinates are all zero count as absent.
        level: 'clip', 'part', 'temporal', 'spatial' or 'instance' (the representation). Defaults to 'instance'.
        batch_size: Number of clips encoded at a time. Defaults to 64.
        img_shape: (height, width) of the image in pixels. It is needed to normalise 2-D poses.

    Returns:
        (n, D) float32; (n, L, D) for the levels 'clip' and 'part'.

    Raises:
        UserError: if there are no clips; if ``clips`` is a single array that may be one clip; if a clip is empty, not
            finite, or has another skeleton (the message names the clip); or if the model does not record how clips
            were normalised.
    """
    prepared = _prepare(model, clips, dict(img_shape=img_shape) if img_shape else {})
    features = [encode_batch(model, skeleton_collate(prepared[i:i + batch_size]), level).float()
                for i in track(range(0, len(prepared), batch_size), 'encoding', transient=True,
                               disable=len(prepared) <= 10 * batch_size)]
    return torch.cat(features).numpy()


def _checked(clip: Any, layout: SkeletonLayout, place: int) -> np.ndarray:
    """Convert a clip (M, T, V, C) or (T, V, C) to (M, T, V, C).

    The result is a float32 copy, because some transforms of MMAction2 modify their input in place.

    Raises:
        UserError: if the clip is not valid; the message gives its index.
    """
    try:
        keypoint = np.asarray(clip)
    except (TypeError, ValueError) as error:  # lists of different lengths, or a tensor on another device
        raise UserError(f'clip {place} is not an array ({error}): give keypoints (M, T, V, C)') from None
    keypoint = keypoint[None] if keypoint.ndim == 3 else keypoint
    fault = keypoint_fault(keypoint, layout)
    if fault:
        raise UserError(f'clip {place} {fault}')
    return np.array(keypoint, dtype=np.float32)


def _prepare(model: Any, clips: Sequence[np.ndarray], known: dict) -> List[dict]:
    """Check and normalise the clips."""
    layout, load_pipeline = model.data_preprocessor.layout, model.cfg.get('load_pipeline')
    if load_pipeline is None:
        raise UserError('the model does not record how its clips were normalised: pass its config to init_model')
    if not len(clips):
        raise UserError('there are no clips to encode')
    if getattr(clips, 'ndim', 5) < 5:
        raise UserError(f'clips is one array of shape {np.shape(clips)}: pass [clip] for one clip (M, T, V, C), or '
                        'list(clips) for several clips of one person each')
    if any(transform['type'] in ('NormalizePose2D', 'PreNormalize2D') for transform in load_pipeline) and not known:
        raise UserError('2-D poses are normalised by the image size: pass img_shape=(height, width)')
    keypoints = [_checked(clip, layout, i) for i, clip in enumerate(clips)]
    units = wrong_units(keypoints, layout)
    if units:
        print_log(units, 'current', logging.WARNING)
    normalise = Compose([TRANSFORMS.build(t) for t in complete_transforms(load_pipeline, layout=layout)])
    samples = []
    for keypoint in keypoints:
        sample = normalise(dict(keypoint=keypoint, total_frames=keypoint.shape[1], **known))
        samples.append(dict(inputs=torch.from_numpy(np.ascontiguousarray(sample['keypoint']))))
    return samples
