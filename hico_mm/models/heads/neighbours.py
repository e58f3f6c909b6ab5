"""Nearest neighbours by cosine similarity."""

from typing import Any, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from ...errors import UserError


class Neighbours:
    """Find the nearest of a gallery of unit vectors, by comparing all of them or with an index of faiss.

    Args:
        gallery: (n, D) float32, of unit length.
        index: A faiss index as a factory string, for example ``'HNSW32'`` or ``'IVF4096,Flat'``. It finds nearly all
            nearest neighbours in galleries of millions without comparing every vector, on the CPU. Defaults to None,
            which compares every vector.
        chunk: Number of vectors compared at a time, which limits memory; comparing in parts is also faster. Defaults to
            1024.
        option: Name of the option that ``index`` comes from, for messages. Defaults to 'index'.

    Raises:
        ImportError: if an index is set and faiss is not installed.
        UserError: if faiss cannot build the index.
    """

    def __init__(self, gallery: Tensor, index: Optional[str] = None, chunk: int = 1024, option: str = 'index') -> None:
        self.gallery, self.chunk = gallery, chunk
        self._faiss = _build_index(index, gallery.cpu().numpy(), option) if index is not None else None

    def search(self, queries: Tensor, k: int) -> Tuple[Tensor, Tensor]:
        """Return cosine and place in the gallery of the k nearest, each (n, k) and nearest first, for queries (n, D).

        An index may find fewer than k; the rest have place -1.
        """
        if self._faiss is not None:
            similarity, nearest = map(torch.from_numpy, self._faiss.search(queries.cpu().numpy(), k))
            return similarity.to(queries.device), nearest.to(queries.device)
        parts = [(queries @ part.t()).topk(min(k, len(part)))
                 for part in self.gallery.to(queries.device).split(self.chunk)]
        similarity, best = torch.cat([part.values for part in parts], 1).topk(k)
        places = torch.cat([part.indices + i * self.chunk for i, part in enumerate(parts)], 1)
        return similarity, places.gather(1, best)


def _build_index(factory: str, gallery: np.ndarray, option: str) -> Any:
    """Build a faiss index of unit vectors (n, D) with inner products."""
    try:
        import faiss
    except ImportError:
        raise ImportError(f'{option}="{factory}" needs faiss: pip install faiss-cpu') from None
    try:
        index = faiss.index_factory(gallery.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        index.train(gallery)
    except RuntimeError as error:  # from C++, with the position in its source
        raise UserError(f'{option} is {factory!r}, which faiss cannot build from {len(gallery)} clips '
                        f'({str(error).rpartition(": ")[2]}): use a faiss factory string such as HNSW32') from error
    index.add(gallery)
    return index
