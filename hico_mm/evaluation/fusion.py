"""Late fusion of streams: of the scores of classifiers, and of features for retrieval."""

import zipfile
from itertools import combinations_with_replacement
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.evaluation import mean_class_accuracy, top_k_accuracy

from ..datasets import load_plain_pickle
from ..datasets.checks import clip_name
from ..errors import UserError
from ..models.heads import KNNHead


class StreamOutput(NamedTuple):
    """What a stream gives for n clips: scores of the classes, or features.

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


def default_weights(streams: int) -> Tuple[float, ...]:
    """The field's habit for joint, bone and motion, 0.6, 0.6 and 0.4; equal weights for another number of streams."""
    return (0.6, 0.6, 0.4) if streams == 3 else (1.0, ) * streams


def load_predictions(path: Union[str, Path], annotation: Optional[Tuple[str, str]] = None) -> StreamOutput:
    """Read what ``tools/test.py --dump`` or any ``DumpResults`` of MMAction2 wrote.

    Args:
        path: The pickle.
        annotation: Annotation pickle and split whose clips were predicted, in their order, if the dump has no names.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if it is not a dump, has scores that are not finite, has no names and none are given, or those given
            do not fit its labels; the message names the file.
    """
    dump = load_plain_pickle(path, 'write it by tools/test.py --dump', tensors=True)
    try:
        values = np.stack([np.asarray(sample['pred_score'], np.float64) for sample in dump])
        labels = np.array([int(np.asarray(sample['gt_label']).reshape(-1)[0]) for sample in dump])
        names = [clip_name(sample) for sample in dump]
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(f'{path} is not a dump of predictions: write it by tools/test.py --dump') from error
    if not np.isfinite(values).all():
        raise UserError(f'{path} has scores that are NaN or infinite: test the model again')
    beyond = labels[(labels < 0) | (labels >= values.shape[1])]
    if len(beyond):
        raise UserError(f'{path} has the label {beyond[0]}, but scores of {values.shape[1]} classes, 0 to '
                        f'{values.shape[1] - 1}: test the model on the data it was trained for')
    if None in names:
        if annotation is None:
            raise UserError(f'{path} has no names of its clips: say which they are, --names ANNOTATION.pkl:SPLIT')
        names = _names_of(*annotation, labels, path)
    return StreamOutput(str(path), np.array(names), values, labels)


def _names_of(annotation: str, split: str, labels: np.ndarray, path: Union[str, Path]) -> List[str]:
    """Names of a split in the order in which a dataset reads it, if its labels are those of the predictions."""
    content = load_plain_pickle(annotation)
    if not isinstance(content, dict) or split not in content.get('split', {}):
        raise UserError(f'{annotation} has no split "{split}"')
    chosen = set(content['split'][split])
    clips = [clip for clip in content['annotations'] if clip_name(clip) in chosen]
    if [clip['label'] for clip in clips] != labels.tolist():
        raise UserError(f'{path} was not made from split "{split}" of {annotation}: {len(labels)} predictions, '
                         f'{len(clips)} clips, and their labels differ')
    return [clip_name(clip) for clip in clips]


def load_features(path: Union[str, Path]) -> StreamOutput:
    """Read what ``tools/extract_features.py`` wrote.

    Raises:
        UserError: if it is not such a file; the message names it.
    """
    try:
        with np.load(path) as content:
            return StreamOutput(str(path), content['name'], content['feature'].astype(np.float64), content['label'])
    except (EOFError, OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        reason = getattr(error, 'strerror', None) or error
        raise UserError(f'{path} is not a file of features ({reason}): write it by tools/extract_features.py') from None


def align(streams: Sequence[StreamOutput]) -> List[StreamOutput]:
    """The streams with their clips in the order of the first.

    Raises:
        UserError: if a clip occurs twice, or the streams have different clips or labels; the message names the
            files.
    """
    first = streams[0]
    aligned = []
    for stream in streams:
        order = np.argsort(stream.names, kind='stable')
        names = stream.names[order]
        twice = names[1:][names[1:] == names[:-1]]
        if len(twice):
            raise UserError(f'{stream.source} has clip {twice[0]} twice')
        strange = sorted(set(names) ^ set(first.names))
        if strange:
            raise UserError(f'{stream.source} and {first.source} contain different clips: {strange[0]} is in only '
                            f'one of them, as are {len(strange) - 1} others')
        order = order[np.searchsorted(names, first.names)]
        aligned.append(StreamOutput(stream.source, first.names, stream.values[order], stream.labels[order]))
        differ = np.flatnonzero(aligned[-1].labels != first.labels)
        if len(differ):
            raise UserError(f'{stream.source} and {first.source} give clip {first.names[differ[0]]} different '
                            'labels')
    return aligned


def comparable(*groups: Sequence[StreamOutput]) -> List[List[StreamOutput]]:
    """Streams of scores as one kind: where only some are probabilities, the others become so by softmax.

    Args:
        *groups: The streams, in the same order in each group: of the test clips, say, and of the training clips.

    Raises:
        UserError: if they have other numbers of classes.
    """
    classes = {stream.values.shape[1] for group in groups for stream in group}
    if len(classes) > 1:
        raise UserError(f'the predictions have different numbers of classes: {sorted(classes)}')
    are = [all(map(_are_probabilities, stream)) for stream in zip(*groups)]
    if all(are) or not any(are):
        return [list(group) for group in groups]
    return [[s if p else s._replace(values=torch.tensor(s.values).softmax(1).numpy()) for s, p in zip(group, are)]
            for group in groups]


def _are_probabilities(stream: StreamOutput) -> bool:
    return bool((stream.values >= 0).all() and np.allclose(stream.values.sum(1), 1, atol=1e-3))


def fuse(streams: Sequence[StreamOutput], weights: Sequence[float]) -> np.ndarray:
    """The weighted sum of the scores (n, classes)."""
    return sum(w * stream.values for w, stream in zip(weights, streams))  # type: ignore[return-value]


def accuracies(values: np.ndarray, labels: np.ndarray) -> Tuple[float, float]:
    """Scores (n, classes) and labels (n,) -> top-1 and mean class accuracy in [0, 1], by MMAction2's functions."""
    rows = list(values)
    return float(top_k_accuracy(rows, labels, (1, ))[0]), float(mean_class_accuracy(rows, labels))


def search_weights(streams: Sequence[StreamOutput], step: float = 0.1) -> Tuple[float, ...]:
    """The weights, multiples of ``step`` that sum to 1, with the best top-1 accuracy; of equals the least log loss.

    To be called on clips that train, never on those that test.
    """
    steps, labels = round(1 / step), torch.from_numpy(streams[0].labels)
    probabilities = all(map(_are_probabilities, streams))

    def merit(weights: Tuple[float, ...]) -> Tuple[float, float]:
        """Top-1 accuracy, and the log loss with its sign turned: more is better."""
        scores = torch.from_numpy(fuse(streams, weights))
        logits = scores.clamp_min(1e-12).log() if probabilities else scores
        return float((scores.argmax(1) == labels).float().mean()), -float(F.cross_entropy(logits, labels))

    # All ways to divide the steps among the streams.
    bars = combinations_with_replacement(range(steps + 1), len(streams) - 1)
    return max((tuple(np.diff((0, *places, steps)) / steps) for places in bars), key=merit)


def retrieve(gallery: Sequence[StreamOutput], queries: Sequence[StreamOutput], weights: Sequence[float],
             k: int = 1) -> np.ndarray:
    """Votes (n, classes) of the k nearest gallery clips in the weighted sum of the streams' cosine similarities.

    Raises:
        UserError: if a clip is in both, or features of a stream have two widths; the message names the files.
    """
    both = set(gallery[0].names) & set(queries[0].names)
    if both:
        raise UserError(f'{queries[0].source} and {gallery[0].source} share {len(both)} clips, {min(both)} among '
                         'them: a query would find itself')
    for g, q in zip(gallery, queries):
        if g.values.shape[1] != q.values.shape[1]:
            raise UserError(f'{q.source} has features of {q.values.shape[1]} numbers, {g.source} of '
                             f'{g.values.shape[1]}: take both from one encoder')

    def joined(streams: Sequence[StreamOutput]) -> torch.Tensor:
        """Unit vectors, scaled by the root of their weight, side by side: their cosines add up with the weights."""
        parts = (w**0.5 * F.normalize(torch.from_numpy(s.values).float(), dim=1) for w, s in zip(weights, streams))
        return torch.cat(list(parts), 1)

    labels = np.concatenate([gallery[0].labels, queries[0].labels])
    head = KNNHead(num_classes=int(labels.max()) + 1, k=k)
    head.set_gallery(joined(gallery), torch.from_numpy(gallery[0].labels))
    return head(joined(queries)).numpy()
