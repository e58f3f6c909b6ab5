"""Read one clip or recording from whatever a user names: a raw file, a clip of an annotation, an array."""

from pathlib import Path
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ..converters.readers.arrays import arrange, usual_axes
from ..converters.registry import ReadOptions
from ..converters.single import Found, find_recordings, read_found
from ..datasets.annotation import read_annotation
from ..datasets.checks import UNLABELLED, clip_fault, clip_name, label_of, named
from ..errors import UserError
from ..structures import LAYOUTS, SkeletonLayout, get_layout

Layout = Union[str, SkeletonLayout]


class RawClip(NamedTuple):
    """A clip as the sensor gives it.

    Args:
        name: Its name.
        keypoint: (M, T, V, C). It is only checked as far as its file format requires.
        layout: Its skeleton, a built-in one by its name; or None if the file does not say.
        fps: Frames per second, or None if not known.
        label: Its label, or ``UNLABELLED``.
        img_shape: (height, width) of the image in pixels, or None if not known.
        score: (M, T, V), the confidence of each joint, or None if not known.
        classes: Names of the classes that the label counts; empty if the annotation of the clip has none. None if it is
            not a clip of an annotation.
    """

    name: str
    keypoint: np.ndarray
    layout: Optional[Layout] = None
    fps: Optional[float] = None
    label: int = UNLABELLED
    img_shape: Optional[Tuple[int, int]] = None
    score: Optional[np.ndarray] = None
    classes: Optional[Sequence[str]] = None

    @property
    def class_name(self) -> Optional[str]:
        """Name of its class, or None if not known."""
        classes = self.classes or ()
        return classes[self.label] if 0 <= self.label < len(classes) else None

    def cut(self, first: int, last: int) -> 'RawClip':
        """Cut out frames ``first`` to ``last``, counted from 1, both included. Persons absent from them are left out.

        Raises:
            UserError: if they are not frames of the clip.
        """
        length = self.keypoint.shape[1]
        if not 1 <= first <= last <= length:
            raise UserError(f'{self.name} has {length} frames, so there are no frames {first} to {last}: count from 1 '
                            'to the last frame')
        return self._replace(name=f'{self.name}[{first}-{last}]').frames(first, last)

    def frames(self, first: int, last: int) -> 'RawClip':
        """Cut out frames as :meth:`cut` does, but keep the name."""
        part = self.keypoint[:, first - 1:last]
        seen = part.any((1, 2, 3))
        score = None if self.score is None else self.score[seen, first - 1:last]
        return self._replace(keypoint=part[seen], score=score)


ClipSource = Union[str, Path, Mapping, np.ndarray, RawClip, Found]


def read_clip(source: ClipSource, axes: Optional[str] = None, layout: Optional[Layout] = None,
              frames: Optional[Tuple[int, int]] = None, img_shape: Optional[Tuple[int, int]] = None,
              name: str = 'clip', format: Optional[str] = None, persons: int = 2) -> RawClip:
    """Read a clip.

    Args:
        source: A recording in any format that ``hico-mm convert`` reads: a file, or a folder if the files of a clip
            are in one, as OpenPose's; the registered readers decide. ``.npy`` and ``.npz`` arrays count as well;
            ``.npz`` has one array or one called ``keypoint``, and optionally a number ``fps``. ``FILE.pkl:NAME`` is a
            clip of an annotation. Or one of :func:`clips_in`, an annotated clip (a dict), or an array.
        axes: The order of the axes of an array, for example 'CTVM'. Defaults to 'MTVC', or 'TVC' for three axes.
        layout: The skeleton, a layout or the name of one, if the file does not say. Defaults to None, not known.
        frames: The first and the last frame to use, counted from 1, both included. Defaults to all frames.
        img_shape: (height, width) of the image in pixels, to normalise 2-D poses. Defaults to that of the
            annotation.
        name: Name of a clip that has no name of its own. Defaults to 'clip'.
        format: Name of the format. Defaults to None, the only one that fits.
        persons: Number of persons to keep in a recording, those seen most. Arrays and annotations keep theirs. Defaults
            to 2, as in ``hico-mm convert``.

    Raises:
        UserError: if the file cannot be read, has an unknown format, or does not have these axes or frames, or if one
            of the arguments does not apply to it.
    """
    if isinstance(source, Found):
        clip = _read_found(source, ReadOptions(axes=axes, layout=_stated(layout), persons=persons))
    elif isinstance(source, (str, Path)):
        clip = _read_file(str(source), ReadOptions(axes=axes, layout=_stated(layout), persons=persons), format)
    elif isinstance(source, (RawClip, Mapping)):
        clip = source if isinstance(source, RawClip) else of_entry(source, 'the clip')
        _refuse(clip.name, 'is not an array', axes=axes)
        _refuse(clip.name, 'is not a file', format=format)
    else:
        clip = RawClip(name, _ordered(_as_array(source, name), axes, name))
        _refuse(name, 'is not a file', format=format)
    return _finish(clip, layout, frames, img_shape)


def clips_in(source: Union[str, Path], format: Optional[str] = None) -> Sequence[Union[str, Found]]:
    """Return the clips in a folder, at any depth, for :func:`read_clip`; anything but a folder is returned as it is.

    Args:
        source: The folder, or anything else.
        format: Name of the format of the files. Defaults to None, for each file the only one that fits.

    Raises:
        UserError: if the folder has no clip.
    """
    return find_recordings(source, format) if Path(source).is_dir() else [str(source)]


def _finish(clip: RawClip, layout: Optional[Layout], frames: Optional[Tuple[int, int]],
            img_shape: Optional[Tuple[int, int]]) -> RawClip:
    """Add what the user says about a clip, and cut it."""
    if layout is not None and clip.layout is not None and get_layout(clip.layout) != get_layout(layout):
        raise UserError(f'{clip.name} has the skeleton "{get_layout(clip.layout).name}", not '
                        f'"{get_layout(layout).name}": leave the layout out')
    clip = clip._replace(layout=clip.layout or layout, img_shape=img_shape or clip.img_shape)
    return clip if frames is None else clip.cut(*frames)


def read_split(path: Union[str, Path], split: Optional[str],
               layout: SkeletonLayout) -> List[RawClip]:
    """Read and check the clips of a split of an annotation.

    Raises:
        UserError: if the file or one of its clips cannot be used.
    """
    annotation = read_annotation(path)
    clips = [of_entry(clip, f'{path}: clip {named(clip)}', layout) for clip in annotation.of_split(split)]
    return [clip._replace(classes=annotation.classes or ()) for clip in clips]


def _stated(layout: Optional[Layout]) -> Optional[SkeletonLayout]:
    return None if layout is None else get_layout(layout)


def _read_file(source: str, options: ReadOptions, format: Optional[str]) -> RawClip:
    """Read a recording, or a clip of an annotation given as ``FILE.pkl:NAME``."""
    annotation, colon, name = source.rpartition('.pkl:')
    if colon and not Path(source).is_file():
        _refuse(source, 'is a clip of an annotation', axes=options.axes, format=format)
        return _read_entry(f'{annotation}.pkl', name)
    found = find_recordings(source, format)
    if len(found) > 1:
        raise UserError(f'{source} has {len(found)} clips: give the file or the folder of one of them')
    return _read_found(found[0], options)


def _read_found(found: Found, options: ReadOptions) -> RawClip:
    entry, known = read_found(found, options)
    skeleton = None if known is None else get_layout(known)
    clip = of_entry(entry, str(found.item), skeleton)
    return clip._replace(layout=known.name if isinstance(known, SkeletonLayout) and _is_built_in(known) else known)


def _is_built_in(layout: SkeletonLayout) -> bool:
    return LAYOUTS.get(layout.name) == layout


def _read_entry(path: str, name: str) -> RawClip:
    """Read a clip of an annotation."""
    annotation = read_annotation(path)
    for clip in annotation.clips:
        if clip_name(clip) == name:
            return of_entry(clip, f'{path}: clip {name}')._replace(classes=annotation.classes or ())
    raise UserError(f'{path} has no clip "{name}": hico-mm info {path} describes it')


def of_entry(clip: Mapping, where: str, layout: Optional[SkeletonLayout] = None) -> RawClip:
    """Check an annotated clip; ``where`` says in a message which one it is.

    Raises:
        UserError: if it is not valid, or has another skeleton than ``layout``.
    """
    fault = clip_fault(clip, layout)
    if fault:
        raise UserError(f'{where} {fault}')
    size = clip.get('img_shape')
    return RawClip(named(clip), clip['keypoint'], fps=clip.get('fps'), label=label_of(clip),
                   img_shape=tuple(size) if size else None, score=clip.get('keypoint_score'))


def _refuse(name: str, what: str, **options: Any) -> None:
    for option, value in options.items():
        if value is not None:
            raise UserError(f'{name} {what}, so {option} "{value}" has no meaning: leave it out')


def _as_array(source: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(source)
    except (TypeError, ValueError) as error:  # lists of different lengths, or a tensor on another device
        raise UserError(f'{name} is not an array ({error}): give keypoints (M, T, V, C)') from None


def _ordered(keypoint: np.ndarray, axes: Optional[str], name: str) -> np.ndarray:
    """Bring the axes of an array into the order (M, T, V, C), where a missing axis M means one person."""
    try:
        return arrange(keypoint, axes or usual_axes(keypoint.ndim))
    except UserError as error:
        raise UserError(f'{name} {error}') from None
