"""Read the output of a stream from files: classification scores or features."""

import zipfile
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple, Union

import numpy as np
import torch

from ..datasets import load_plain_pickle
from ..datasets.annotation import read_annotation
from ..datasets.checks import MOST_CLASSES, UNLABELLED, are_names, clip_name, is_label, is_name, label_of, to_float32
from ..errors import UserError

_DUMP, _EXTRACT = 'create it with hico-mm test --dump', 'create it with hico-mm extract'


class StreamOutput(NamedTuple):
    """The output of a stream for n clips: classification scores or features.

    Args:
        source: The file, for messages.
        names: (n,) names of the clips.
        values: (n, D) float64, classification scores or features.
        labels: (n,) labels.
        has_names: Whether the file itself has the names.
    """

    source: str
    names: np.ndarray
    values: np.ndarray
    labels: np.ndarray
    has_names: bool = True


def load_predictions(path: Union[str, Path], annotation: Optional[Tuple[str, str]] = None) -> StreamOutput:
    """Read predictions written by ``hico-mm test --dump`` or any ``DumpResults`` of MMAction2.

    Args:
        path: The pickle.
        annotation: Annotation pickle and split of the predicted clips, in the same order, for a dump without names.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if it is not a dump; if scores are not finite or labels exceed the number of scores; if it has no
            names and none are given; or if the given names do not fit its labels. The message names the file.
    """
    dump = load_plain_pickle(path, _DUMP, tensors=True)
    if not isinstance(dump, list) or not dump or not all(isinstance(sample, dict) for sample in dump):
        raise UserError(f'{path} is not a dump of predictions (it is not a list of samples): {_DUMP}')
    names = [clip_name(sample) for sample in dump]
    try:
        values = np.stack([_numbers(sample['pred_score'], 'fiu') for sample in dump])
        labels = np.stack([_numbers(sample['gt_label'], 'iu').reshape(()) for sample in dump])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(f'{path} is not a dump of predictions ({error!r}): {_DUMP}') from None
    has_names = all(name is not None for name in names)
    if not has_names:
        if annotation is None:
            raise UserError(f'{path} has no clip names: give them with --names ANNOTATION.pkl:SPLIT')
        names = _names_of(*annotation, labels, path)
    stream = _checked(path, names, values, labels, f'a dump of predictions: {_DUMP}')._replace(has_names=has_names)
    if stream.labels.max() >= values.shape[1]:
        raise UserError(f'{path} has the label {stream.labels.max()}, but scores of only {values.shape[1]} classes: '
                        'test a model that has all classes')
    return stream


def load_features(path: Union[str, Path]) -> StreamOutput:
    """Read features written by ``hico-mm extract``.

    Raises:
        UserError: if it is not such a file, or has features that are not finite or clips without a label. The message
            names the file.
    """
    try:
        _check_size(Path(path))
        with np.load(path) as content:
            values, names, labels = (content[key] for key in ('feature', 'name', 'label'))
    except UserError:
        raise
    except Exception as error:  # damaged bytes can raise anything
        raise UserError(f'{path} is not a feature file ({error}): {_EXTRACT}') from None
    return _checked(path, names, values, labels, f'a feature file: {_EXTRACT}')


def _check_size(path: Path) -> None:
    """Refuse anything that is not a file, and archives that unpack to far more than features can."""
    if path.exists() and not path.is_file():
        raise UserError(f'{path} is not a file: {_EXTRACT}')
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > 20 * path.stat().st_size + (1 << 20):
        raise UserError(f'{path} would unpack to {unpacked / 1e9:.1f} GB, too much for a feature file: {_EXTRACT}')


def _numbers(value: Any, kinds: str) -> np.ndarray:
    """Convert a tensor or array of any shape to a numpy array, if its dtype is of one of the given kinds."""
    if isinstance(value, torch.Tensor):
        value = value.double().numpy() if value.is_floating_point() else value.numpy()
    value = np.asarray(value)
    if value.dtype.kind not in kinds:
        raise TypeError(f'a value of type {value.dtype}')
    return value


def _checked(path: Union[str, Path], names: Any, values: np.ndarray, labels: np.ndarray, what: str) -> StreamOutput:
    """Combine names, values and labels, if they have the same number of clips and can be compared.

    Raises:
        UserError: if they do not; the message names the file.
    """
    if values.ndim != 2 or values.dtype.kind not in 'fiu' or not values.size:
        raise UserError(f'{path} has values of shape {values.shape} and type {values.dtype}, so it is not {what}')
    if not are_names(names) or len(names) != len(values):
        raise UserError(f'{path} does not have a one-line text as name of each of {len(values)} clips, so it is not '
                        f'{what}')
    if labels.shape != values.shape[:1] or labels.dtype.kind not in 'iu':
        raise UserError(f'{path} does not have a whole number as label of each of {len(values)} clips, so it is not '
                        f'{what}')
    if not np.isfinite(to_float32(values)).all():
        raise UserError(f'{path} has scores or features that are NaN or infinite: test or encode the clips again')
    bare = np.flatnonzero(labels == UNLABELLED)
    if len(bare):
        raise UserError(f'{path} has {len(bare)} clips without a label, for example {names[bare[0]]}, but accuracy is '
                        'measured by labels: add them to the annotation')
    if labels.min() < 0 or labels.max() >= MOST_CLASSES:
        raise UserError(f'{path} has labels from {labels.min()} to {labels.max()}: correct them in the annotation')
    return StreamOutput(str(path), np.array(names), values.astype(np.float64), labels.astype(np.int64))


def _names_of(annotation: str, split: str, labels: np.ndarray, path: Union[str, Path]) -> List[str]:
    """Return the names of a split in the order in which MMAction2 reads it, if its labels match the predictions."""
    content = read_annotation(annotation)
    chosen = set(map(clip_name, content.of_split(split)))
    clips = [clip for clip in content.clips if is_name(clip_name(clip)) and clip_name(clip) in chosen]
    if [label_of(clip) if is_label(clip.get('label')) else None for clip in clips] != labels.tolist():
        raise UserError(f'{path} was not made from split "{split}" of {annotation}: {len(labels)} predictions, '
                        f'{len(clips)} clips, and their labels differ')
    return [clip_name(clip) for clip in clips]
