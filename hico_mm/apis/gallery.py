"""A gallery of encoded clips and its file."""

import json
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from ..datasets.checks import UNLABELLED, are_names, is_label, is_name, shown
from ..errors import UserError
from ..fileio import atomic_write
from ..visualization.motion import Motions
from .read_clip import RawClip

FORMAT = 1
ARRAYS = ('feature', 'label', 'name', 'motion', 'motion_shape', 'about')


@dataclass
class Gallery:
    """The features of clips, and where they come from.

    Args:
        features: (n, D) float32, of unit length.
        labels: (n,), ``UNLABELLED`` if not known.
        names: The n names, each unique.
        motions: Small copies of the clips, to draw them.
        encoder: Hash of the encoder, see :func:`~hico_mm.checkpoints.encoder_hash`.
        layout: The skeleton, as a dict.
        level: Level of the features.
        checkpoint: The checkpoint that the features were made with, or None if it is not known.
        classes: Names of the classes, or None if not known.
        sources: Where the clips come from, for information.
    """

    features: Tensor
    labels: np.ndarray
    names: List[str]
    motions: Motions
    encoder: str
    layout: Dict[str, Any]
    level: str = 'instance'
    checkpoint: Optional[str] = None
    classes: Optional[List[str]] = None
    sources: List[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    def class_name(self, label: int) -> Optional[str]:
        """Return the name of a class; None if it is not known."""
        return self.classes[label] if self.classes is not None and 0 <= label < len(self.classes) else None

    def place(self, name: str) -> Optional[int]:
        """Return the place of a clip, or None if there is no such clip."""
        return self.names.index(name) if name in self.names else None

    def numbered(self, clips: Sequence[RawClip]) -> Tuple[List[int], Optional[List[str]]]:
        """Return the labels of clips in the numbering of the gallery, and the names of its classes with these clips.

        Classes are matched by name. The first labelled clips bring their names with them.

        Raises:
            UserError: if a class is not one of the gallery, or only one of the two names its classes.
        """
        classes, labelled = self.classes, bool((self.labels != UNLABELLED).any())
        numbers = []
        for clip in clips:
            if clip.label == UNLABELLED or clip.classes is None or clip.classes == classes:
                numbers.append(clip.label)
                continue
            if not labelled and classes is None:
                classes, labelled = list(clip.classes) or None, True
            if (classes is None) != (not clip.classes):
                raise UserError(f'the annotation of {clip.name} {"names its" if clip.classes else "does not name its"} '
                                f'classes, and the gallery does{" not" if clip.classes else ""}, so their labels may '
                                'mean different classes: build a gallery of its own')
            name = clip.class_name
            if classes is not None and name not in classes:
                raise UserError(f'{clip.name} is of the class "{name}", which is not one of the gallery '
                                f'({", ".join(classes[:10])}): build a gallery of its own')
            numbers.append(clip.label if classes is None else classes.index(str(name)))
        return numbers, classes

    def joined(self, features: Tensor, labels: Sequence[int], names: Sequence[str], clips: Sequence[np.ndarray],
               source: str) -> 'Gallery':
        """Return the gallery with further clips.

        Args:
            features: Their features (n, D) of unit length.
            labels: Their labels.
            names: Their names.
            clips: Their keypoints, each (M, T, V, C).
            source: Where they come from.

        Raises:
            UserError: if a name or label is not valid, or a name is in the gallery already or twice among the new ones.
        """
        bad = [name for name in names if not is_name(name)]
        if bad:
            raise UserError(f'{shown(bad[0])} cannot be the name of a clip: a name is one line of text')
        wrong = [label for label in labels if label != UNLABELLED and not is_label(label)]
        if wrong:
            raise UserError(f'the label {shown(wrong[0])} is not a class number: labels are integers from 0')
        twice = [name for name, count in Counter([*self.names, *names]).items() if count > 1]
        if twice:
            raise UserError(f'{len(twice)} clips would be in the gallery twice, for example {twice[0]}: remove them '
                            'first, or give them unique names')
        motions = Motions.join([*self.motions.split(), *Motions.of(clips).split()]) if len(self) else Motions.of(clips)
        return replace(self, features=torch.cat([self.features.reshape(len(self), features.shape[1]), features]),
                       labels=np.concatenate([self.labels, np.asarray(labels, int)]), names=[*self.names, *names],
                       motions=motions, sources=[*self.sources, source])

    def without(self, names: Iterable[str]) -> 'Gallery':
        """Return the gallery without some clips.

        Raises:
            UserError: if one of them is not in the gallery.
        """
        leaving = set(names)
        unknown = sorted(leaving.difference(self.names))
        if unknown:
            raise UserError(f'the gallery has no clip "{unknown[0]}"; {len(unknown)} of the {len(leaving)} names are '
                            'not in it')
        kept = [i for i, name in enumerate(self.names) if name not in leaving]
        copies = self.motions.split()
        return replace(self, features=self.features[kept], labels=self.labels[kept],
                       names=[self.names[i] for i in kept], motions=Motions.join([copies[i] for i in kept]))

    def save(self, path: Union[str, Path]) -> None:
        """Write the gallery to a NumPy archive (.npz), completely or not at all."""
        if Path(path).suffix != '.npz':
            raise UserError(f'{path} must end with .npz, since a gallery is a NumPy archive')
        about = dict(format=FORMAT, encoder=self.encoder, layout=self.layout, level=self.level,
                     checkpoint=self.checkpoint, classes=self.classes, sources=self.sources)
        with atomic_write(path) as temporary:
            np.savez(temporary, feature=self.features.numpy(), label=self.labels, name=np.array(self.names, dtype=str),
                     motion=self.motions.values, motion_shape=self.motions.shapes, about=np.array(json.dumps(about)))

    @classmethod
    def load(cls, path: Union[str, Path]) -> 'Gallery':
        """Read a gallery.

        Raises:
            UserError: if the file is missing, damaged or not a gallery; the message names it.
        """
        if not Path(path).is_file():
            raise UserError(f'{path} does not exist: build a gallery with hico-mm search index')
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in ARRAYS}
            about = json.loads(str(arrays['about']))
            if about.pop('format') != FORMAT:
                raise ValueError('it has a format of another version')
            gallery = cls(torch.from_numpy(arrays['feature']), arrays['label'], arrays['name'].tolist(),
                          Motions(arrays['motion'], arrays['motion_shape']), **about)
            gallery._check()
            return gallery
        except (AttributeError, EOFError, KeyError, RecursionError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise UserError(f'{path} is damaged or not a gallery ({str(error).splitlines()[0]}): build it again with '
                            'hico-mm search index') from error

    def _check(self) -> None:
        """Check that the parts of a file fit each other.

        Raises:
            ValueError: if they do not.
        """
        n, (values, shapes) = len(self.names), self.motions
        if self.features.ndim != 2 or self.features.dtype != torch.float32 or not self.features.isfinite().all():
            raise ValueError('its features are not finite numbers (n, D)')
        if len(self.features) != n or self.labels.shape != (n, ) or shapes.shape != (n, 4) or not are_names(self.names):
            raise ValueError('its features, labels, names and clips differ in number')
        if self.labels.dtype.kind != 'i' or (self.labels < UNLABELLED).any():
            raise ValueError('its labels are not class numbers')
        if values.dtype != np.int16 or (shapes < 0).any() or shapes.prod(1).sum() != values.size:
            raise ValueError('its clips are incomplete')
        if self.classes is not None and not are_names(self.classes):
            raise ValueError('its classes are not names')
        if not isinstance(self.encoder, str) or not isinstance(self.checkpoint, (str, type(None))):
            raise ValueError('it does not say where it comes from')
