"""Score a frozen encoder in seconds, without training: retrieval, and logistic regression solved exactly."""

from typing import Dict

import torch
from torch import Tensor

from ..errors import UserError
from ..models.heads import KNNHead

PENALTY = 0.01  # weight of the squared norm of the regression's weights


def probe(train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor) -> Dict[str, float]:
    """Return the accuracy, in [0, 1], of retrieval and of logistic regression on standardised features.

    Args:
        train: (n, D), features of the training clips.
        train_labels: (n,).
        test: (m, D), features of the test clips.
        test_labels: (m,).

    Returns:
        ``knn``, with cosine similarity and k = 1, and ``linear``.

    Raises:
        UserError: if scikit-learn is missing.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise UserError('logistic regression needs scikit-learn: pip install "hico_mm[report]"') from None
    head = KNNHead(int(train_labels.max()) + 1)
    head.set_gallery(train, train_labels)
    nearest = head(test).argmax(1)
    std, mean = torch.std_mean(train, 0)
    inputs, queries = (((part - mean) / (std + 1e-6)).numpy() for part in (train, test))
    regression = LogisticRegression(C=1 / (2 * PENALTY * len(inputs)), max_iter=1000)
    predicted = regression.fit(inputs, train_labels.numpy()).predict(queries)
    return dict(knn=float((nearest == test_labels).float().mean()),
                linear=float((predicted == test_labels.numpy()).mean()))
