"""Reading pickles that may hold plain data only."""

import io
import pickle
from os import PathLike
from typing import Any, Union

import numpy as np
import torch

# What containers, numbers, strings, arrays and tensors need to be rebuilt; nothing here runs code of the file's choice.
_PLAIN = {
    ('numpy', 'ndarray'), ('numpy', 'dtype'),
    ('_codecs', 'encode'),
    ('builtins', 'set'), ('builtins', 'frozenset'), ('builtins', 'slice'), ('builtins', 'complex'),
    ('builtins', 'bytearray'), ('collections', 'OrderedDict'), ('torch._utils', '_rebuild_tensor_v2'),
} | {(f'numpy.{core}.{module}', name)
     for core in ('core', '_core')
     for module, name in (('multiarray', '_reconstruct'), ('multiarray', 'scalar'), ('numeric', '_frombuffer'))}


_PREPARE = 'make it with one of tools/data/prepare_*.py, or set ann_file to where it is'


class _PlainUnpickler(pickle.Unpickler):

    def find_class(self, module: str, name: str) -> Any:
        """Look up what the pickle asks for, if it is plain data."""
        if not hasattr(np, '_core'):  # numpy 1 reads what numpy 2 wrote
            module = module.replace('numpy._core', 'numpy.core')
        if (module, name) == ('torch.storage', '_load_from_bytes'):
            return _load_storage
        if (module.replace('__builtin__', 'builtins'), name) in _PLAIN:  # Python 2's name, up to protocol 2
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f'{module}.{name} is not plain data')


def _load_storage(content: bytes) -> Any:
    """The memory of a tensor, which torch's own function would unpickle without a look at it."""
    return torch.load(io.BytesIO(content), weights_only=True)


def load_plain_pickle(path: Union[str, PathLike], remedy: str = _PREPARE) -> Any:
    """Load a pickle that holds containers, numbers, strings, numpy arrays and tensors, and refuse any other.

    Args:
        path: The file.
        remedy: What to do if there is none, for the message. Defaults to making an annotation.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is truncated, is no pickle, or holds anything else; the message names the file.
    """
    try:
        with open(path, 'rb') as file:
            return _PlainUnpickler(io.BufferedReader(file, 1 << 20)).load()  # type: ignore[arg-type]
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} does not exist: {remedy}') from None
    except (EOFError, pickle.UnpicklingError, AttributeError, ImportError, IndexError, KeyError, MemoryError,
            RuntimeError, TypeError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f'{path} is not a whole pickle of plain data ({error}): copy or prepare it again') from error
