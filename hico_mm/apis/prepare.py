"""Prepare raw clips for a model: the one path of everything that encodes clips outside of a dataset."""

import logging
from pathlib import Path
from typing import Any, Optional, Sequence, Tuple

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose
from mmengine.logging import print_log

from ..datasets.checks import keypoint_fault
from ..datasets.persons import most_active
from ..datasets.suspicions import wrong_units
from ..errors import UserError
from ..structures import get_layout
from ..wiring import complete_transforms
from .read_clip import ClipSource, RawClip, read_clip

ImgShape = Optional[Tuple[int, int]]
NORMALISED_2D = ('NormalizePose2D', 'PreNormalize2D')


class ClipPreparer:
    """Check and normalise raw clips as the model's training data was prepared.

    Args:
        model: A model from :func:`~hico_mm.apis.init_model`, which records how its clips were prepared.

    Raises:
        UserError: if the model does not record it.
    """

    def __init__(self, model: Any) -> None:
        self.layout, load_pipeline = model.data_preprocessor.layout, model.cfg.get('load_pipeline')
        if load_pipeline is None:
            raise UserError('the model does not record how its clips were normalised: pass its config to init_model')
        self.num_persons = model.data_preprocessor.num_persons
        flat = [transform for transform in load_pipeline if transform['type'] in NORMALISED_2D]
        self.needs_image = any(transform.get('box', 'image') == 'image' for transform in flat)
        self.uses_scores = bool(flat)
        self._normalise = Compose([TRANSFORMS.build(t) for t in complete_transforms(load_pipeline, layout=self.layout)])

    def check(self, clip: Any, name: str) -> np.ndarray:
        """Convert a clip (M, T, V, C), or (T, V, C) of one person, to an array (M, T, V, C).

        Args:
            clip: The keypoints. Joints whose coordinates are all zero count as absent.
            name: What to call the clip in a message.

        Raises:
            UserError: if the clip is empty, not finite, or has another skeleton.
        """
        try:
            keypoint = np.asarray(clip)
        except (TypeError, ValueError) as error:  # lists of different lengths, or a tensor on another device
            raise UserError(f'{name} is not an array ({error}): give keypoints (M, T, V, C)') from None
        keypoint = keypoint[None] if keypoint.ndim == 3 else keypoint
        fault = keypoint_fault(keypoint, self.layout)
        if fault:
            raise UserError(f'{name} {fault}')
        return keypoint

    def read(self, source: ClipSource, **options: Any) -> RawClip:
        """Read a clip with :func:`~hico_mm.apis.read_clip`, and check it.

        Args:
            source: A file, an annotated clip or an array.
            **options: Arguments of :func:`~hico_mm.apis.read_clip`.

        Raises:
            UserError: if it cannot be read, is empty or not finite, or has another skeleton; if the size of the picture
                is given for an encoder of clips in space.
        """
        if options.get('img_shape') is not None and not self.uses_scores:
            raise UserError('the encoder takes coordinates in space, so the size of the picture has no meaning: leave '
                            'img_shape out')
        clip = read_clip(source, persons=max(2, self.num_persons), **options)
        where = str(source) if isinstance(source, (str, Path)) else clip.name
        if clip.layout is not None and get_layout(clip.layout) != self.layout:
            raise UserError(f'{where} has the skeleton "{clip.layout}", but the encoder takes "{self.layout.name}": '
                            'use a checkpoint that was trained on this skeleton')
        return clip._replace(keypoint=self.check(clip.keypoint, where))

    def scored(self, clip: RawClip) -> np.ndarray:
        """Return the keypoints of a checked clip. 2-D ones get their scores as a third channel, if these are used."""
        keypoint = clip.keypoint
        if not self.uses_scores or clip.score is None or clip.score.shape != keypoint.shape[:3]:
            return keypoint
        return np.concatenate([keypoint[..., :2], np.asarray(clip.score)[..., None]], -1).astype(np.float32)

    def warn_of_units(self, keypoints: Sequence[np.ndarray]) -> bool:
        """Log a warning if clips (M, T, V, 3) do not seem to be in metres, and return whether it was logged."""
        units = None if self.uses_scores else wrong_units(keypoints, self.layout)
        if units:
            print_log(units, 'current', logging.WARNING)
        return bool(units)

    def __call__(self, keypoint: np.ndarray, img_shape: ImgShape = None) -> dict:
        """Normalise a checked clip (M, T, V, C). The persons that move most are kept, if there are too many.

        Args:
            keypoint: The clip, which is not modified. In a 2-D clip, a third channel is the score.
            img_shape: (height, width) of the image in pixels, which is needed to normalise 2-D poses.

        Returns:
            dict: A sample for ``skeleton_collate``, with ``inputs``, a tensor (M, T, V, C).

        Raises:
            UserError: if the image size is needed, but not given.
        """
        if self.needs_image and img_shape is None:
            raise UserError('2-D poses are normalised by the image size: pass img_shape=(height, width)')
        # A float32 copy, because some transforms of MMAction2 modify their input in place.
        keypoint = np.array(keypoint, dtype=np.float32)
        coordinates = keypoint[..., :2] if self.uses_scores else keypoint
        keypoint = keypoint[most_active(coordinates, self.num_persons)]
        size = {} if img_shape is None else dict(img_shape=tuple(img_shape))
        sample = self._normalise(dict(keypoint=keypoint, total_frames=keypoint.shape[1], **size))
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(sample['keypoint'])))
