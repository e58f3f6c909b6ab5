"""The encoder of a gallery."""

from pathlib import Path
from typing import Any, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor, nn

from ..checkpoints import encoder_hash
from ..errors import UserError, check_count
from ..shipped import find_checkpoint
from .extract import encode_unit
from .gallery import Gallery
from .init_model import init_model
from .prepare import ClipPreparer
from .read_clip import RawClip

Model = Union[str, Path, nn.Module]


class GalleryEncoder:
    """The encoder that a gallery was made with, which is opened when it is first needed.

    Args:
        gallery: The gallery.
        path: Its file, for messages.
        batch_size: Number of clips encoded at a time.
        device: Device of the encoder, if it is opened from a checkpoint.
    """

    def __init__(self, gallery: Gallery, path: str, batch_size: int, device: Union[str, torch.device]) -> None:
        check_count(batch_size, 'batch_size')
        self.hash, self.checkpoint, self.level = gallery.encoder, gallery.checkpoint, gallery.level
        self.path, self.batch_size, self.device = path, batch_size, device
        self._model: Any = None
        self._prepare: Optional[ClipPreparer] = None

    def open(self, model: Model) -> None:
        """Use a checkpoint or a model.

        Raises:
            UserError: if it is not the encoder that the gallery was made with.
        """
        opened, checkpoint = opened_model(model, self.device)
        found = encoder_hash(opened)
        if found != self.hash:
            raise UserError(f'{self.path} was made with the encoder of {self.checkpoint or "another model"} (hash '
                            f'{self.hash[:12]}), but {checkpoint or "the model"} has another one (hash {found[:12]}): '
                            'use that checkpoint, or build the gallery again')
        self._model, self._prepare = opened, ClipPreparer(opened)

    @property
    def model(self) -> Any:
        """The model.

        Raises:
            UserError: if its checkpoint is not known, or no longer there, or has changed.
        """
        if self._model is None:
            if self.checkpoint is None or not find_checkpoint(self.checkpoint).is_file():
                what = 'does not record its checkpoint' if self.checkpoint is None else \
                    f'was made with {self.checkpoint}, which does not exist any more'
                raise UserError(f'{self.path} {what}: give the checkpoint with --checkpoint, or in Python with model=')
            self.open(self.checkpoint)
        return self._model

    @property
    def prepare(self) -> ClipPreparer:
        """The preparation of clips for the model."""
        assert self.model is not None and self._prepare is not None
        return self._prepare

    def encode(self, clips: Sequence[RawClip]) -> Tensor:
        """Return the features (n, D) of checked clips, of unit length.

        Raises:
            UserError: if a feature is not finite.
        """
        features = encode_unit(self.model, clips, self.level, self.batch_size, self.prepare)
        if not bool(features.isfinite().all()):
            raise UserError('the encoder gives features that are NaN or infinite, so they have no neighbours: it has '
                            'diverged')
        return features


def opened_model(model: Model, device: Union[str, torch.device]) -> Tuple[Any, Optional[str]]:
    """Return a model, and its checkpoint if it is known: the name of shipped weights, or the path of a file."""
    if isinstance(model, nn.Module):
        return model, None
    named = find_checkpoint(model) != Path(model)
    return init_model(None, model, device), str(model if named else Path(model).resolve())
