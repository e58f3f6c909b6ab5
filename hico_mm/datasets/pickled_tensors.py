"""Rebuild the tensors of a pickle that may contain plain data only."""

import io
import math
import pickle
import warnings
from collections import OrderedDict
from typing import Any, Callable, Dict, List, Tuple

import torch
from mmengine.utils import digit_version

from ..restricted_load import load_restricted


def _load_storage(content: Any) -> Any:
    """Load the storage of a tensor, which torch's own function would unpickle without checks."""
    if not isinstance(content, bytes):
        raise pickle.UnpicklingError('the storage of a tensor is not made of bytes')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        if digit_version(torch.__version__) < digit_version('2.6'):  # CVE-2025-32434: weights_only does not protect
            storage = load_restricted(io.BytesIO(content))
        else:
            storage = torch.load(io.BytesIO(content), map_location='cpu', weights_only=True)
    if not isinstance(storage, torch.storage.TypedStorage):
        raise pickle.UnpicklingError('the storage of a tensor has an unexpected type')
    return storage


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> torch.Tensor:
    """Rebuild a tensor whose elements all lie within its storage. Torch would enlarge the storage."""
    sizes: List[int] = [offset, *size, *stride]
    if not isinstance(storage, torch.storage.TypedStorage) or not all(type(n) is int and n >= 0 for n in sizes):
        raise pickle.UnpicklingError('a tensor has no valid storage or size')
    room = storage._untyped_storage.nbytes() // storage._element_size()
    last = offset + sum((n - 1) * step for n, step in zip(size, stride))
    if len(size) != len(stride) or math.prod(size) > room or math.prod(size) and last >= room:
        raise pickle.UnpicklingError(f'a tensor of size {tuple(size)} has a storage of only {room} elements')
    return torch._utils._rebuild_tensor_v2(storage, offset, tuple(size), tuple(stride), False, OrderedDict())


# The functions that rebuild tensors, by module and name in the pickle.
TENSORS: Dict[Tuple[str, str], Callable[..., Any]] = {
    ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
    ('torch.storage', '_load_from_bytes'): _load_storage}
