"""Search for clips that are like another one."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from ..checkpoints import encoder_hash
from ..datasets.checks import UNLABELLED
from ..errors import UserError, check_count
from ..models.heads.neighbours import Neighbours
from ..structures import check_level, get_layout
from ..visualization.motion import Motions, drawing, quantise
from ..visualization.strip import write_strip
from .answers import Answer, Match
from .gallery import Gallery
from .gallery_encoder import GalleryEncoder, Model, opened_model
from .read_clip import ClipSource, RawClip, read_split


class SkeletonSearch:
    """A gallery of clips that can be searched for clips like another one, by cosine similarity of their features.

    Args:
        model: A checkpoint, or a model from :func:`init_model`.
        level: Level of the features: 'temporal', 'spatial' or 'instance'. Defaults to 'instance'.
        index: A faiss index as a factory string, for example ``'HNSW32'``, for galleries of millions. It is built
            before the first query, and again after changes; it is not saved. Defaults to None, which compares every
            clip.
        batch_size: Number of clips encoded at a time. Defaults to 64.
        device: Device of the encoder, if ``model`` is a checkpoint. Defaults to 'cpu'.

    Raises:
        UserError: if the checkpoint cannot be used, or the level is not one of these.
    """

    _neighbours: Optional[Neighbours]

    def __init__(self, model: Model, level: str = 'instance', index: Optional[str] = None,
                 batch_size: int = 64, device: Union[str, torch.device] = 'cpu') -> None:
        check_level(level)
        opened, checkpoint = opened_model(model, device)
        self.gallery = Gallery(torch.zeros(0, 0), np.zeros(0, int), [], Motions.of([]), encoder_hash(opened),
                               asdict(opened.data_preprocessor.layout), level, checkpoint)
        self.encoder = GalleryEncoder(self.gallery, 'the gallery', batch_size, device)
        self.encoder.open(opened)
        self.index, self._neighbours = index, None

    @classmethod
    def load(cls, path: Union[str, Path], model: Optional[Model] = None, index: Optional[str] = None,
             batch_size: int = 64, device: Union[str, torch.device] = 'cpu') -> 'SkeletonSearch':
        """Load a gallery that :meth:`save` wrote.

        Args:
            path: The file.
            model: The checkpoint or model that it was made with. With None, shipped weights are found by their
                name, and another checkpoint at its old path, when it is first needed; clips of the gallery are found
                without it.
            index: As for the class.
            batch_size: As for the class.
            device: As for the class.

        Raises:
            UserError: if the file is damaged, or the model is not the encoder that the gallery was made with.
        """
        self = cls.__new__(cls)
        self.gallery = Gallery.load(path)
        self.encoder = GalleryEncoder(self.gallery, str(path), batch_size, device)
        if model is not None:
            self.encoder.open(model)
        self.index, self._neighbours = index, None
        return self

    def __len__(self) -> int:
        return len(self.gallery)

    def save(self, path: Union[str, Path]) -> None:
        """Write the gallery to a NumPy archive (.npz), completely or not at all."""
        self.gallery.save(path)

    def add(self, clips: Sequence[ClipSource], names: Optional[Sequence[str]] = None,
            labels: Optional[Sequence[Optional[int]]] = None, **options: Any) -> None:
        """Add clips.

        Args:
            clips: Files, annotated clips (dicts) or arrays; see :func:`read_clip`.
            names: Their names. Defaults to those of the files and annotations; arrays are called ``clip 0`` and
                so on.
            labels: Their labels, which number the classes of the gallery; None if not known. Defaults to those of the
                annotations. If gallery and annotation name their classes, they are matched by name.
            **options: Further arguments of :func:`read_clip`.

        Raises:
            UserError: if there are no clips; if one cannot be used, its name is in the gallery already, or its class is
                not known there; if there are not as many names or labels.
        """
        raw = [self.encoder.prepare.read(clip, name=f'clip {len(self) + i}', **options) for i, clip in enumerate(clips)]
        for what, values in ('names', names), ('labels', labels):
            if values is not None and len(values) != len(raw):
                raise UserError(f'there are {len(raw)} clips, but {len(values)} {what}: give one for each clip')
        if labels is not None:  # numbers of the classes of the gallery
            raw = [clip._replace(label=UNLABELLED if label is None else label, classes=None)
                   for clip, label in zip(raw, labels)]
        self._add(raw, names or [clip.name for clip in raw], 'single clips')

    def add_annotation(self, ann_file: Union[str, Path], split: Optional[str] = None) -> None:
        """Add the clips of an annotation pickle.

        Args:
            ann_file: The file.
            split: Name of the split. Defaults to None, all clips.

        Raises:
            UserError: if the file or one of its clips cannot be used, a name is in the gallery already, or a class is
                not known there.
        """
        raw = read_split(ann_file, split, self.encoder.prepare.layout)
        self._add(raw, [clip.name for clip in raw], f'{Path(ann_file).name}, split {split}')

    def _add(self, raw: Sequence[RawClip], names: Sequence[str], source: str) -> None:
        if not raw:
            raise UserError(f'there are no clips to add ({source})')
        labels, classes = self.gallery.numbered(raw)
        keypoints = [clip.keypoint for clip in raw]
        self.encoder.prepare.warn_of_units(keypoints)
        self.gallery = self.gallery.joined(self.encoder.encode(raw), labels, names, keypoints, source)
        self.gallery.classes = classes
        self._neighbours = None

    def remove(self, names: Sequence[str]) -> None:
        """Remove clips by name.

        Raises:
            UserError: if one of them is not in the gallery.
        """
        self.gallery, self._neighbours = self.gallery.without(names), None

    def query(self, clip: ClipSource, topk: int = 5, **options: Any) -> Answer:
        """Find the clips that are most like a clip.

        Args:
            clip: Name of a clip of the gallery, which is then not among the matches, or what :func:`read_clip` reads.
            topk: Number of matches. Defaults to 5; fewer are returned if there are not so many.
            **options: Further arguments of :func:`read_clip`.

        Raises:
            UserError: if the gallery is empty, or the clip cannot be used.
        """
        check_count(topk, 'topk')
        own = self.gallery.place(clip) if isinstance(clip, str) else None
        if own is not None and options:
            raise UserError(f'{clip} is a clip of the gallery, which is not read again, so {sorted(options)} have no '
                            'meaning: leave them out, or write a file as ./FILE')
        if len(self) <= (own is not None):
            raise UserError('the gallery has no clips to compare with: add some first')
        self._build()
        if own is not None:
            feature, motion = self.gallery.features[own][None], self.gallery.motions.get(own)
            name, known, encode_ms = str(clip), self._class(int(self.gallery.labels[own])), None
        else:
            raw = self._read(clip, **options)
            start = time.perf_counter()
            feature, name, motion = self.encoder.encode([raw]), raw.name, quantise(raw.keypoint)
            known = self._class(raw.label) if raw.classes is None else (
                None if raw.label == UNLABELLED else raw.label, raw.class_name)
            encode_ms = 1000 * (time.perf_counter() - start)
        start = time.perf_counter()
        matches = self._nearest(feature, topk, own)
        search_ms = 1000 * (time.perf_counter() - start)
        return Answer(name, *known, matches, encode_ms, search_ms, motion)

    def _read(self, clip: ClipSource, **options: Any) -> RawClip:
        if isinstance(clip, str) and not Path(clip).exists() and '.pkl:' not in clip:
            raise UserError(f'"{clip}" is neither the name of a clip of the gallery nor a file: check it')
        return self.encoder.prepare.read(clip, name='query', **options)

    def _build(self) -> None:
        """Build the index of faiss, if there is to be one."""
        if self._neighbours is None:
            self._neighbours = Neighbours(self.gallery.features, self.index)

    def _nearest(self, feature: Tensor, topk: int, own: Optional[int]) -> List[Match]:
        assert self._neighbours is not None
        scores, places = self._neighbours.search(feature, min(topk + (own is not None), len(self)))
        found: List[Tuple[float, int]] = [
            (score, place) for score, place in zip(scores[0].tolist(), places[0].tolist()) if place not in (-1, own)]
        return [self._match(place, score) for score, place in found[:topk]]

    def _match(self, place: int, score: float) -> Match:
        return Match(self.gallery.names[place], *self._class(int(self.gallery.labels[place])), score)

    def _class(self, label: int) -> Tuple[Optional[int], Optional[str]]:
        return None if label == UNLABELLED else label, self.gallery.class_name(label)

    def write_html(self, path: Union[str, Path], answers: Sequence[Answer]) -> None:
        """Write queries and their matches as a page on which the skeletons move. It needs no network.

        Args:
            path: The file.
            answers: What :meth:`query` returned.
        """
        write_strip(path, [answer.cards(self.gallery) for answer in answers], drawing(get_layout(self.gallery.layout)))
