"""Late fusion of streams: of the scores of classifiers, and of features for retrieval."""

from itertools import product
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.evaluation import mean_class_accuracy, top_k_accuracy

from ..datasets import load_plain_pickle
from ..models.heads import KNNHead

FIELD_WEIGHTS = dict(joint=0.6, bone=0.6, motion=0.4)  # the field's habit


class Predictions(NamedTuple):
    """What a stream says of n clips.

    Args:
        source: The file, for messages.
        names: (n,) names of the clips.
        values: (n, D) float64, scores of the classes, or features.
        labels: (n,) labels.
    """

    source: str
    names: np.ndarray
    values: np.ndarray
    labels: np.ndarray


def load_predictions(path: Union[str, Path], annotation: Optional[Tuple[str, str]] = None) -> Predictions:
    """Read what ``tools/test.py --dump`` or any ``DumpResults`` of MMAction2 wrote.

    Args:
        path: The pickle.
        annotation: Annotation pickle and split whose clips were predicted, in this order, for a dump without names.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no dump, has no names and none are given, or names and labels do not fit it; the message
            names the file.
    """
    dump = load_plain_pickle(path, 'write it by tools/test.py --dump')
    try:
        values = np.stack([np.asarray(sample['pred_score'], np.float64) for sample in dump])
        labels = np.array([int(np.asarray(sample['gt_label']).reshape(-1)[0]) for sample in dump])
        names = [sample.get('frame_dir') for sample in dump]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path} is no dump of predictions ({error!r}): write it by tools/test.py --dump') from None
    if annotation is not None:
        names = _names_of(*annotation, labels, path)
    elif None in names:
        raise ValueError(f'{path} has no names of its clips: say which they are, --names ANNOTATION.pkl:SPLIT')
    return Predictions(str(path), np.array(names), values, labels)


def _names_of(annotation: str, split: str, labels: np.ndarray, path: Union[str, Path]) -> List[str]:
    """Names of a split in the order in which a data set reads it, if its labels are those of the predictions."""
    content = load_plain_pickle(annotation)
    if split not in content['split']:
        raise ValueError(f'{annotation} has no split "{split}": it has {sorted(content["split"])}')
    chosen = set(content['split'][split])
    clips = [clip for clip in content['annotations'] if clip['frame_dir'] in chosen]
    if [clip['label'] for clip in clips] != labels.tolist():
        raise ValueError(f'{path} was not made from split "{split}" of {annotation}: {len(labels)} predictions, '
                         f'{len(clips)} clips, and their labels differ')
    return [clip['frame_dir'] for clip in clips]


def load_features(path: Union[str, Path]) -> Predictions:
    """Read what ``tools/extract_features.py`` wrote.

    Raises:
        ValueError: if it is no such file; the message names it.
    """
    try:
        with np.load(path) as content:
            return Predictions(str(path), content['name'], content['feature'].astype(np.float64), content['label'])
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f'{path} is no file of features ({error}): write it by tools/extract_features.py') from None


def align(streams: Sequence[Predictions]) -> List[Predictions]:
    """The streams with their clips in the order of the first.

    Raises:
        ValueError: if a clip is there twice, or the streams speak of other clips or labels; the message names the
            files.
    """
    first = streams[0]
    aligned = []
    for stream in streams:
        order = np.argsort(stream.names, kind='stable')
        names = stream.names[order]
        twice = names[1:][names[1:] == names[:-1]]
        if len(twice):
            raise ValueError(f'{stream.source} has clip {twice[0]} twice')
        strange = sorted(set(names) ^ set(first.names))
        if strange:
            raise ValueError(f'{stream.source} and {first.source} speak of other clips: {strange[0]} is in one of them '
                             f'alone, as are {len(strange) - 1} more')
        order = order[np.searchsorted(names, first.names)]
        aligned.append(Predictions(stream.source, first.names, stream.values[order], stream.labels[order]))
        differ = np.flatnonzero(aligned[-1].labels != first.labels)
        if len(differ):
            raise ValueError(f'{stream.source} and {first.source} have other labels for clip {first.names[differ[0]]}')
    return aligned


def comparable(streams: Sequence[Predictions]) -> List[Predictions]:
    """Streams of scores as one kind: where only some are probabilities, the others become so by softmax.

    Raises:
        ValueError: if they have other numbers of classes.
    """
    classes = {stream.values.shape[1] for stream in streams}
    if len(classes) > 1:
        raise ValueError(f'the predictions are of other numbers of classes: {sorted(classes)}')
    are = [bool((s.values >= 0).all() and np.allclose(s.values.sum(1), 1, atol=1e-3)) for s in streams]
    if all(are) or not any(are):
        return list(streams)
    return [s if p else s._replace(values=torch.tensor(s.values).softmax(1).numpy()) for s, p in zip(streams, are)]


def fuse(streams: Sequence[Predictions], weights: Sequence[float]) -> np.ndarray:
    """The weighted sum of the scores (n, classes)."""
    return sum(w * stream.values for w, stream in zip(weights, streams))  # type: ignore[return-value]


def accuracies(values: np.ndarray, labels: np.ndarray) -> Tuple[float, float]:
    """Scores (n, classes) and labels (n,) -> top-1 and mean class accuracy in [0, 1], by MMAction2's functions."""
    rows = list(values)
    return float(top_k_accuracy(rows, labels, (1, ))[0]), float(mean_class_accuracy(rows, labels))


def search_weights(streams: Sequence[Predictions], step: float = 0.1) -> Tuple[float, ...]:
    """The weights, multiples of ``step`` that sum to 1, with the best top-1 accuracy; of equals the least log loss.

    To be called on clips that train, never on those that test.
    """
    steps = round(1 / step)
    grid = [tuple(i / steps for i in point) for point in product(range(steps + 1), repeat=len(streams))
            if sum(point) == steps]

    def merit(weights: Tuple[float, ...]) -> Tuple[float, float]:
        scores = torch.from_numpy(fuse(streams, weights))
        labels = torch.from_numpy(streams[0].labels)
        return float((scores.argmax(1) == labels).float().mean()), -float(F.cross_entropy(scores, labels))

    return max(grid, key=merit)


def retrieve(gallery: Sequence[Predictions], queries: Sequence[Predictions], weights: Sequence[float],
             k: int = 1) -> np.ndarray:
    """Votes (n, classes) of the k nearest gallery clips in the weighted sum of the streams' cosine similarities."""
    def joined(streams: Sequence[Predictions]) -> torch.Tensor:
        parts = (w**0.5 * F.normalize(torch.from_numpy(s.values).float(), dim=1) for w, s in zip(weights, streams))
        return torch.cat(list(parts), 1)

    labels = np.concatenate([gallery[0].labels, queries[0].labels])
    head = KNNHead(num_classes=int(labels.max()) + 1, k=k)
    head.set_gallery(joined(gallery), torch.from_numpy(gallery[0].labels))
    return head(joined(queries)).numpy()
