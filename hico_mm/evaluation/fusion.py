"""Late fusion of streams: classification scores, or features for retrieval."""

from itertools import combinations_with_replacement
from typing import List, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.evaluation import mean_class_accuracy, top_k_accuracy

from ..errors import UserError
from ..models.heads import KNNHead
from .stream_output import StreamOutput


def default_weights(streams: int) -> Tuple[float, ...]:
    """Return the usual 0.6, 0.6, 0.4 for joint, bone and motion, and equal weights for any other number of streams."""
    return (0.6, 0.6, 0.4) if streams == 3 else (1.0, ) * streams


def align(streams: Sequence[StreamOutput]) -> List[StreamOutput]:
    """Sort the clips of all streams in the order of the first stream.

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
    """Make streams of scores comparable: if only some are probabilities, apply a softmax to the others.

    Args:
        *groups: The streams, in the same order in each group, for example of the test and the training clips.

    Raises:
        UserError: if they have different numbers of classes.
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
    """Return the weighted sum of the scores (n, classes)."""
    return sum(w * stream.values for w, stream in zip(weights, streams))  # type: ignore[return-value]


def accuracies(values: np.ndarray, labels: np.ndarray) -> Tuple[float, float]:
    """Return top-1 and mean class accuracy in [0, 1] of scores (n, classes), computed by MMAction2's functions."""
    rows = list(values)
    return float(top_k_accuracy(rows, labels, (1, ))[0]), float(mean_class_accuracy(rows, labels))


def search_weights(streams: Sequence[StreamOutput], step: float = 0.1) -> Tuple[float, ...]:
    """Return the weights with the best top-1 accuracy, or the smallest log loss if several are equal.

    The weights are multiples of ``step`` and sum to 1.

    Call it on training clips, never on test clips.
    """
    steps, labels = round(1 / step), torch.from_numpy(streams[0].labels)
    probabilities = all(map(_are_probabilities, streams))

    def merit(weights: Tuple[float, ...]) -> Tuple[float, float]:
        """Return the top-1 accuracy and the negative log loss; higher is better."""
        scores = torch.from_numpy(fuse(streams, weights))
        logits = scores.clamp_min(1e-12).log() if probabilities else scores
        return float((scores.argmax(1) == labels).float().mean()), -float(F.cross_entropy(logits, labels))

    # All ways to divide the steps among the streams.
    bars = combinations_with_replacement(range(steps + 1), len(streams) - 1)
    return max((tuple(np.diff((0, *places, steps)) / steps) for places in bars), key=merit)


def retrieve(gallery: Sequence[StreamOutput], queries: Sequence[StreamOutput], weights: Sequence[float],
             k: int = 1) -> np.ndarray:
    """Return votes (n, classes) of the k nearest gallery clips by the weighted sum of the streams' cosine similarities.

    Raises:
        UserError: if a clip is in both, or gallery and queries of a stream have different widths. The message names
            the files.
    """
    both = set(gallery[0].names) & set(queries[0].names)
    if both:
        raise UserError(f'{queries[0].source} and {gallery[0].source} share {len(both)} clips, for example '
                        f'{min(both)}: a query would find itself')
    for g, q in zip(gallery, queries):
        if g.values.shape[1] != q.values.shape[1]:
            raise UserError(f'{q.source} has features of {q.values.shape[1]} numbers, but {g.source} of '
                             f'{g.values.shape[1]}: extract both with the same encoder')

    def joined(streams: Sequence[StreamOutput]) -> torch.Tensor:
        """Concatenate unit vectors scaled by the root of their weight, so that their weighted cosines add up."""
        parts = (w**0.5 * F.normalize(torch.from_numpy(s.values).float(), dim=1) for w, s in zip(weights, streams))
        return torch.cat(list(parts), 1)

    labels = np.concatenate([gallery[0].labels, queries[0].labels])
    head = KNNHead(num_classes=int(labels.max()) + 1, k=k)
    head.set_gallery(joined(gallery), torch.from_numpy(gallery[0].labels))
    return head(joined(queries)).numpy()
