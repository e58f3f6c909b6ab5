"""InfoNCE, the loss used at all levels."""

from functools import reduce

import torch
from torch import Tensor

from ...errors import UserError


def _similarities(query: Tensor, positives: Tensor, negatives: Tensor) -> 'tuple[Tensor, Tensor]':
    """Compute similarities (N, P) and (N, K) in float32 or higher precision.

    Shapes are (N, D) for the query, (N, D) or (N, P, D) for the positives, and (K, D) for the negatives.
    """
    if not len(query) or not len(negatives):
        raise UserError('contrast needs a query and a negative, got '
                        f'{len(query)} queries and {len(negatives)} negatives')
    if positives.ndim == 2:
        positives = positives.unsqueeze(1)
    dtype = reduce(torch.promote_types, (query.dtype, positives.dtype, negatives.dtype), torch.float32)
    query, positives, negatives = query.to(dtype), positives.to(dtype), negatives.to(dtype)
    return torch.einsum('nd,npd->np', query, positives), query @ negatives.t()


def info_nce(query: Tensor, positives: Tensor, negatives: Tensor, temperature: float = 0.2) -> Tensor:
    r"""InfoNCE with one or several positives, summed inside the logarithm; eq. 8 to 11 of the paper.

    .. math:: -\log \frac{\sum_p \exp(q \cdot k_p / \tau)}
                         {\sum_p \exp(q \cdot k_p / \tau) + \sum_j \exp(q \cdot m_j / \tau)}

    It is computed with logsumexp, without autocast, in float32 or in the precision of the inputs if that is higher.

    Args:
        query: (N, D), with unit length.
        positives: (N, D) or (N, P, D), with unit length.
        negatives: (K, D), with unit length, the same for all queries.
        temperature: Temperature tau. Defaults to 0.2.

    Returns:
        The mean over the queries, a scalar.

    Raises:
        UserError: if there are no queries or no negatives.
    """
    with torch.autocast(query.device.type, enabled=False):
        positive, negative = (x / temperature for x in _similarities(query, positives, negatives))
        return (torch.cat([positive, negative], 1).logsumexp(1) - positive.logsumexp(1)).mean()


@torch.no_grad()
def contrast_accuracy(query: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """Return the fraction of queries that are closer to a positive than to every negative, a scalar in [0, 1].

    The arguments are the same as in :func:`info_nce`.
    """
    with torch.autocast(query.device.type, enabled=False):
        positive, negative = _similarities(query, positives, negatives)
        return (positive.amax(1) > negative.amax(1)).float().mean()
