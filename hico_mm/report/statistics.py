"""Accuracies with intervals, confusions and calibration."""

import math
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

BINS = 15  # of confidence, as in Guo et al., "On Calibration of Modern Neural Networks", ICML 2017
Z = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson(correct: int, total: int) -> Tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion.

    With p = correct / n, it is (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.96.

    Args:
        correct: Number of successes.
        total: Number of trials n. With 0, the interval is (0, 1).
    """
    if not total:
        return 0.0, 1.0
    share, square = correct / total, Z**2 / total
    half = Z * math.sqrt(share * (1 - share) / total + square / (4 * total))
    middle = share + square / 2
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def proportion(correct: int, total: int) -> Dict[str, Any]:
    """Return a proportion with its interval, as plain data; ``value`` is None if there are no trials."""
    low, high = wilson(correct, total)
    return dict(correct=int(correct), total=int(total), value=correct / total if total else None, low=low, high=high)


def accuracy_of(predictions: np.ndarray, labels: np.ndarray, num_classes: int) -> Dict[str, Any]:
    """Summarize predictions (n,) for labels (n,): overall and per-class accuracy, and the confusion matrix.

    Args:
        predictions: Predicted classes.
        labels: True classes. Clips with a negative label are left out.
        num_classes: Number of classes C.

    Returns:
        Plain data: a :func:`proportion`, with ``mean_class``, ``classes`` (a proportion for each class) and
        ``confusion``, a list of (true class, predicted class, count) without zeros.
    """
    known = labels >= 0
    predictions, labels = predictions[known], labels[known]
    counts = np.zeros((num_classes, num_classes), int)
    valid = predictions >= 0
    np.add.at(counts, (labels[valid], predictions[valid]), 1)
    sizes = np.bincount(labels, minlength=num_classes)
    right = counts.diagonal()
    shares = right[sizes > 0] / sizes[sizes > 0]
    return dict(proportion(int(right.sum()), len(labels)), mean_class=float(shares.mean()) if len(shares) else None,
                classes=[proportion(int(r), int(n)) for r, n in zip(right, sizes)],
                confusion=[[int(a), int(b), int(counts[a, b])] for a, b in zip(*counts.nonzero())])


def calibration_of(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> Optional[Dict[str, Any]]:
    """Compare the confidence of a classifier with its accuracy.

    Args:
        probabilities: (n, C), rows sum to 1.
        labels: (n,) true classes. Clips with a negative label are left out.
        bins: Number of bins of equal width. Defaults to 15.

    Returns:
        Plain data: ``ece``, the expected calibration error sum_b n_b / n |accuracy_b - confidence_b|; the mean
        ``confidence``; the ``accuracy``; and ``bins``, each with its range, clips, mean confidence and accuracy.
        None if there are no labelled clips.
    """
    known = labels >= 0
    probabilities, labels = probabilities[known], labels[known]
    if not len(labels):
        return None
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    table: List[Dict[str, Any]] = []
    error = 0.0
    for place in range(bins):
        inside = places == place
        row = dict(start=place / bins, end=(place + 1) / bins,
                   confidence=float(confidence[inside].mean()) if inside.any() else None,
                   **proportion(int(right[inside].sum()), int(inside.sum())))
        if inside.any():
            error += inside.mean() * abs(row['value'] - row['confidence'])
        table.append(row)
    return dict(ece=float(error), confidence=float(confidence.mean()), accuracy=float(right.mean()), bins=table)
