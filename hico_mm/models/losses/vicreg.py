"""VICReg, a loss without negatives."""

from functools import reduce

import torch
from torch import Tensor

from ...errors import UserError

EPSILON = 1e-4  # keeps the gradient of the standard deviation finite


def vicreg(first: Tensor, second: Tensor, variance: float = 1.0, covariance: float = 0.04) -> Tensor:
    r"""Variance-invariance-covariance regularization (VICReg, ICLR 2022), divided by the weight of the invariance.

    .. math:: \frac{1}{ND} \|a - b\|^2 + \frac{\mu}{2} \sum_{x \in \{a, b\}} v(x)
              + \nu \sum_{x \in \{a, b\}} c(x)

    v(x) is the mean over the D dimensions of max(0, 1 - standard deviation), and c(x) the sum of the squared
    covariances between different dimensions, divided by D. So the two embeddings of a clip become equal, while every
    dimension varies between the clips of the batch, and no two dimensions contain the same information.

    The mean over D and the factor 1/2 are those of the authors' code. In the paper, eq. 5 has a sum over D, and eq. 6
    has no factor. The loss is computed without autocast, in float32 or in the precision of the inputs if that is
    higher.

    Args:
        first: (N, D), embeddings of one view of each clip, of any length.
        second: (N, D), embeddings of another view of the same clips.
        variance: Weight mu of the variance. Defaults to 1.
        covariance: Weight nu of the covariance. Defaults to 0.04, as in the paper.

    Returns:
        A scalar.

    Raises:
        UserError: if there are fewer than two clips.
    """
    if len(first) < 2:
        raise UserError(f'decorrelation needs at least 2 clips in a batch, got {len(first)}: set '
                        'train_dataloader.drop_last=True or another train_dataloader.batch_size')
    with torch.autocast(first.device.type, enabled=False):
        dtype = reduce(torch.promote_types, (first.dtype, second.dtype), torch.float32)
        first, second = first.to(dtype), second.to(dtype)
        loss = (first - second).square().mean()
        for x in first, second:
            x = x - x.mean(0)
            products = x.t() @ x / (len(x) - 1)
            squares, variances = products.square(), products.diagonal()
            loss = loss + variance / 2 * (1 - (variances + EPSILON).sqrt()).relu().mean()
            loss = loss + covariance * (squares.sum() - squares.diagonal().sum()) / len(squares)
        return loss
