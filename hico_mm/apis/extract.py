"""Extract features of clips given as arrays."""

from typing import Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import track
from torch import Tensor, nn

from ..datasets import skeleton_collate
from ..errors import UserError
from ..evaluation import encode_batch
from .prepare import ClipPreparer, ImgShape
from .read_clip import RawClip


def extract(model: nn.Module,
            clips: Sequence[np.ndarray],
            level: str = 'instance',
            batch_size: int = 64,
            img_shape: Optional[Tuple[int, int]] = None) -> np.ndarray:
    """Encode raw clips. They are normalised, cropped and converted to the model's stream here.

    Args:
        model: A model from :func:`init_model`, which records how the clips it was trained on were normalised.
        clips: A list of clips, each (M, T, V, C), or (T, V, C) for one person; or an array (n, M, T, V, C). Joints
            whose coordinates are all zero count as absent. If a clip has more persons than the model takes, those that
            move most are kept.
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
    prepare = ClipPreparer(model)
    if not len(clips):
        raise UserError('there are no clips to encode')
    if getattr(clips, 'ndim', 5) < 5:
        raise UserError(f'clips is one array of shape {np.shape(clips)}: pass [clip] for one clip (M, T, V, C), or '
                        'list(clips) for several clips of one person each')
    checked = [prepare.check(clip, f'clip {i}') for i, clip in enumerate(clips)]
    prepare.warn_of_units(checked)
    return encode_clips(model, checked, level, batch_size, [img_shape] * len(checked), prepare).numpy()


def encode_clips(model: nn.Module,
                 clips: Sequence[np.ndarray],
                 level: str,
                 batch_size: int,
                 img_shapes: Sequence[ImgShape],
                 prepare: Optional[ClipPreparer] = None) -> Tensor:
    """Encode checked clips (M, T, V, C) to features (n, D) on the CPU. Each batch is normalised just before.

    Args:
        model: As for :func:`extract`.
        clips: The clips, at least one.
        level: The level to return.
        batch_size: Number of clips encoded at a time.
        img_shapes: (height, width) of the image of each clip, or None if not known.
        prepare: The preparation for the model, if there already is one. Defaults to None.
    """
    prepare = prepare or ClipPreparer(model)
    starts, features = range(0, len(clips), batch_size), []
    for start in track(starts, 'encoding', transient=True) if len(starts) > 10 else starts:  # a bar takes 10 ms
        part = slice(start, start + batch_size)
        samples = [prepare(clip, size) for clip, size in zip(clips[part], img_shapes[part])]
        features.append(encode_batch(model, skeleton_collate(samples), level).float())
    return torch.cat(features)


def encode_unit(model: nn.Module, clips: Sequence[RawClip], level: str, batch_size: int,
                prepare: ClipPreparer) -> Tensor:
    """Encode checked clips to features (n, D) of unit length, whose products are cosine similarities."""
    features = encode_clips(model, [prepare.scored(clip) for clip in clips], level, batch_size,
                            [clip.img_shape for clip in clips], prepare)
    return F.normalize(features, dim=1)
