"""What is computed from features: nearest neighbours and a map."""

from typing import Any, Callable, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import UserError

PERPLEXITY = 30  # scikit-learn's default
WIDTH = 50  # of the features after PCA, before t-SNE, as its authors recommend
ITERATIONS = 500, 1000  # of t-SNE: for large sets, and otherwise
LARGE = 5000  # clips


class Neighbours(NamedTuple):
    """The nearest gallery clips of n clips, nearest first.

    Args:
        places: (n, k) numbers of clips.
        cosines: (n, k) cosine similarities.
    """

    places: np.ndarray
    cosines: np.ndarray


def nearest(features: Tensor, gallery: np.ndarray, k: int, chunk: int = 1024) -> Neighbours:
    """Find the k nearest gallery clips of every clip by cosine similarity. A clip is not its own neighbour.

    Args:
        features: (n, D).
        gallery: (m,) numbers of the clips in the gallery.
        k: Number of neighbours; fewer if the gallery is smaller.
        chunk: Number of clips compared at a time. Defaults to 1024.

    Raises:
        UserError: if features are not finite.
    """
    if not bool(features.isfinite().all()):
        raise UserError('the features are NaN or infinite: the encoder has diverged, so give an earlier checkpoint')
    unit = F.normalize(features.float(), dim=1)
    indices = torch.from_numpy(gallery)
    keys = unit[indices]
    places, cosines = [], []
    for start in range(0, len(unit), chunk):
        similarity = unit[start:start + chunk] @ keys.t()
        own = indices[None] == torch.arange(start, start + len(similarity))[:, None]
        best = similarity.masked_fill(own, -2).topk(min(k, max(len(indices) - 1, 1)))
        places.append(indices[best.indices])
        cosines.append(best.values)
    return Neighbours(torch.cat(places).numpy(), torch.cat(cosines).numpy())


def make_map(features: Tensor, seed: int = 0, progress: Callable[[], Any] = lambda: None) -> np.ndarray:
    """Reduce features (n, D) to a map (n, 2) in [0, 1] by t-SNE of unit vectors, after PCA to 50 dimensions.

    Args:
        features: The features.
        seed: Random seed. Defaults to 0.
        progress: Called when each of the two steps is done. Defaults to nothing.

    Raises:
        UserError: if scikit-learn is not installed.
    """
    try:
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise UserError('the map of the features needs scikit-learn: pip install "hico_mm[report]"') from error
    unit = F.normalize(features.float(), dim=1).numpy()
    if len(unit) < 4:
        return np.stack([np.linspace(0, 1, len(unit)), np.full(len(unit), .5)], 1)
    width = min(WIDTH, *unit.shape)
    reduced = PCA(width, svd_solver='randomized', random_state=seed).fit_transform(unit)
    progress()
    steps = ITERATIONS[0] if len(unit) > LARGE else ITERATIONS[1]
    tsne = TSNE(2, perplexity=min(PERPLEXITY, (len(unit) - 1) / 3), init='pca', random_state=seed, n_jobs=None,
                **_iterations(TSNE, steps))
    places = tsne.fit_transform(reduced)
    progress()
    places = PCA(2).fit_transform(places)  # turned, so that it is widest from left to right
    low, high = places.min(0), places.max(0)
    return (places - (low + high) / 2) / max(float((high - low).max()), 1e-9) + .5


def _iterations(tsne: Any, steps: int) -> dict:
    """Return the argument for the number of iterations, which scikit-learn 1.5 has renamed."""
    from inspect import signature

    return {'max_iter' if 'max_iter' in signature(tsne.__init__).parameters else 'n_iter': steps}
