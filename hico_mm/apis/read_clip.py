"""Read one clip or recording from whatever a user names: a raw file, a clip of an annotation, an array."""

import json
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from ..converters.convert import describe
from ..converters.ntu_skeleton import read_skeleton, to_persons
from ..converters.nwucla import _coordinates
from ..converters.pku_skeleton import read_recording
from ..converters.single import read_single
from ..converters.text import read_text
from ..datasets.annotation import read_annotation
from ..datasets.checks import UNLABELLED, clip_fault, clip_name, label_of, named
from ..errors import UserError
from ..structures import SkeletonLayout, get_layout

KINECT_FPS = 30.0
FORMS = ('a .skeleton file of NTU RGB+D, a .json clip of NW-UCLA, a .txt recording of PKU-MMD, a .npy or .npz array, '
         'FILE.pkl:NAME for a clip of an annotation, or a recording in another format of hico-mm convert')


class RawClip(NamedTuple):
    """A clip as the sensor gives it.

    Args:
        name: Its name.
        keypoint: (M, T, V, C). It is only checked as far as its file format requires.
        layout: Name of its skeleton, or None if the file does not say.
        fps: Frames per second, or None if not known.
        label: Its label, or ``UNLABELLED``.
        img_shape: (height, width) of the image in pixels, or None if not known.
        score: (M, T, V), the confidence of each joint, or None if not known.
    """

    name: str
    keypoint: np.ndarray
    layout: Optional[str] = None
    fps: Optional[float] = None
    label: int = UNLABELLED
    img_shape: Optional[Tuple[int, int]] = None
    score: Optional[np.ndarray] = None

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


ClipSource = Union[str, Path, Mapping, np.ndarray, RawClip]


def read_clip(source: ClipSource, axes: Optional[str] = None, layout: Optional[str] = None,
              frames: Optional[Tuple[int, int]] = None, img_shape: Optional[Tuple[int, int]] = None,
              name: str = 'clip') -> RawClip:
    """Read a clip.

    Args:
        source: A file: ``.skeleton`` (NTU RGB+D), ``.json`` (NW-UCLA), ``.txt`` (a recording of PKU-MMD), ``.npy``, or
            ``.npz`` with one array or one called ``keypoint``, and optionally a number ``fps``; or a recording in
            another format that ``hico-mm convert`` guesses, such as a folder of OpenPose. ``FILE.pkl:NAME`` is a clip
            of an annotation. Or an annotated clip (a dict), or an array.
        axes: The order of the axes of an array, for example 'CTVM'. Defaults to 'MTVC', or 'TVC' for three axes.
        layout: Name of the skeleton of an array, to be sure that it is the right one. Defaults to None, not known.
        frames: The first and the last frame to use, counted from 1, both included. Defaults to all frames.
        img_shape: (height, width) of the image in pixels, to normalise 2-D poses. Defaults to that of the
            annotation.
        name: Name of a clip that has no name of its own. Defaults to 'clip'.

    Raises:
        UserError: if the file cannot be read, has an unknown format, or does not have these axes or frames.
    """
    if isinstance(source, RawClip):
        clip = source
    elif isinstance(source, (str, Path)):
        clip = _read_file(str(source), axes)
    elif isinstance(source, Mapping):
        clip = _of_entry(source, 'the clip')
    else:
        clip = RawClip(name, _ordered(_as_array(source, name), axes, name))
    is_array = not isinstance(source, (RawClip, Mapping, str, Path)) or str(source).lower().endswith(ARRAYS)
    if axes is not None and not is_array:
        raise UserError(f'{clip.name} is not an array, so axes "{axes}" have no meaning: leave them out')
    if layout is not None and clip.layout not in (None, layout):
        raise UserError(f'{clip.name} has the skeleton "{clip.layout}", not "{layout}": leave the layout out')
    clip = clip._replace(layout=layout or clip.layout, img_shape=img_shape or clip.img_shape)
    return clip if frames is None else clip.cut(*frames)


def read_split(path: Union[str, Path], split: Optional[str],
               layout: SkeletonLayout) -> Tuple[List[RawClip], Optional[List[str]]]:
    """Read and check the clips of a split of an annotation, and return them with the names of the classes.

    Raises:
        UserError: if the file or one of its clips cannot be used.
    """
    annotation = read_annotation(path)
    clips = [_of_entry(clip, f'{path}: clip {named(clip)}', layout) for clip in annotation.of_split(split)]
    return clips, annotation.classes


def visible(keypoint: np.ndarray) -> np.ndarray:
    """Leave out the persons of (M, T, V, C) that are absent from every frame."""
    return keypoint[keypoint.any((1, 2, 3))]


def _read_skeleton(path: Path) -> RawClip:
    return RawClip(path.stem, to_persons(read_skeleton(path)), 'ntu', KINECT_FPS)


def _read_json(path: Path) -> RawClip:
    try:
        skeletons = json.loads(read_text(path))['skeletons']
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise UserError(f'is truncated or not a clip of NW-UCLA ({error})') from error
    return RawClip(path.stem, _coordinates(skeletons)[None], 'nw_ucla')


def _read_recording(path: Path) -> RawClip:
    return RawClip(path.stem, visible(read_recording(path)), 'ntu', KINECT_FPS)


READERS: Dict[str, Callable[[Path], RawClip]] = {
    '.skeleton': _read_skeleton, '.json': _read_json, '.txt': _read_recording}
ARRAYS = ('.npy', '.npz')


def _read_file(source: str, axes: Optional[str]) -> RawClip:
    """Read a file, or a clip of an annotation given as ``FILE.pkl:NAME``."""
    annotation, colon, name = source.rpartition('.pkl:')
    if colon and not Path(source).is_file():
        return _read_entry(f'{annotation}.pkl', name)
    path = Path(source)
    if not path.exists():
        raise UserError(f'{source} does not exist: give {FORMS}')
    suffix = path.suffix.lower()
    single = None if suffix in ('.skeleton', '.pkl', '.pickle') else read_single(path)
    if single is not None:
        entry, layout = single
        return _of_entry(entry, source)._replace(layout=get_layout(layout).name, fps=entry.get('fps'))
    if suffix not in READERS and suffix not in ARRAYS:
        raise UserError(f'{source} is not a clip: give {FORMS}')
    try:
        clip = READERS[suffix](path) if suffix in READERS else _read_array(path)
        if not clip.keypoint.size:
            raise UserError('has no body in any frame')
    except (OSError, UserError) as error:
        raise UserError(f'{describe(path, error)}: check the file, or give another one') from error
    return clip if suffix in READERS else clip._replace(keypoint=_ordered(clip.keypoint, axes, source))


def _read_entry(path: str, name: str) -> RawClip:
    """Read a clip of an annotation."""
    for clip in read_annotation(path).clips:
        if clip_name(clip) == name:
            return _of_entry(clip, f'{path}: clip {name}')
    raise UserError(f'{path} has no clip "{name}": hico-mm info {path} describes it')


def _of_entry(clip: Mapping, where: str, layout: Optional[SkeletonLayout] = None) -> RawClip:
    fault = clip_fault(clip, layout)
    if fault:
        raise UserError(f'{where} {fault}')
    size = clip.get('img_shape')
    return RawClip(named(clip), clip['keypoint'], label=label_of(clip), img_shape=tuple(size) if size else None,
                   score=clip.get('keypoint_score'))


def _read_array(path: Path) -> RawClip:
    """Read a NumPy file, whose axes may have any order. Arrays of Python objects are refused."""
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return RawClip(path.stem, content)
        with content:
            arrays = {key: content[key] for key in content.files}
    except (EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f'is not a NumPy file of numbers ({str(error).splitlines()[0]})') from error
    fps = arrays.pop('fps', None)
    if 'keypoint' not in arrays and len(arrays) != 1:
        raise UserError(f'has the arrays {sorted(arrays)}, but one must be called "keypoint"')
    keypoint = arrays.get('keypoint', next(iter(arrays.values())))
    if fps is not None and not (fps.size == 1 and fps.dtype.kind in 'fiu' and 0 < float(fps.item()) < np.inf):
        raise UserError('has an "fps" that is not a number above 0')
    return RawClip(path.stem, keypoint, fps=None if fps is None else float(fps.item()))


def _as_array(source: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(source)
    except (TypeError, ValueError) as error:  # lists of different lengths, or a tensor on another device
        raise UserError(f'{name} is not an array ({error}): give keypoints (M, T, V, C)') from None


def _ordered(keypoint: np.ndarray, axes: Optional[str], name: str) -> np.ndarray:
    """Bring the axes of an array into the order (M, T, V, C), where a missing axis M means one person.

    Raises:
        UserError: if the axes do not describe the array.
    """
    axes = axes or ('TVC' if keypoint.ndim == 3 else 'MTVC')
    if sorted(axes) not in (sorted('MTVC'), sorted('TVC')) or len(axes) != keypoint.ndim:
        raise UserError(f'{name} has the shape {keypoint.shape}, which axes "{axes}" do not describe: name the axes by '
                        'M (persons), T (frames), V (joints) and C (coordinates)')
    keypoint = keypoint.transpose([axes.index(axis) for axis in 'MTVC' if axis in axes])
    return keypoint if 'M' in axes else keypoint[None]
