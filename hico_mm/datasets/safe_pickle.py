"""Reading pickles that may hold plain data only."""

import io
import pickle
from os import PathLike
from typing import Any, Union

import numpy as np
import torch
from mmengine.utils import digit_version

from ..errors import UserError

# What containers, numbers, strings and numpy arrays need to be rebuilt; nothing here runs code of the file's choice.
_PLAIN = {
    ('numpy', 'ndarray'), ('numpy', 'dtype'),
    ('_codecs', 'encode'),
    ('builtins', 'set'), ('builtins', 'frozenset'), ('builtins', 'slice'), ('builtins', 'complex'),
    ('builtins', 'bytearray'), ('collections', 'OrderedDict'),
} | {(f'numpy.{core}.{module}', name)
     for core in ('core', '_core')
     for module, name in (('multiarray', '_reconstruct'), ('multiarray', 'scalar'), ('numeric', '_frombuffer'))}


def _load_storage(content: bytes) -> Any:
    """The memory of a tensor, which torch's own function would unpickle without a look at it."""
    if digit_version(torch.__version__) < digit_version('2.6'):  # CVE-2025-32434: weights_only does not protect
        raise pickle.UnpicklingError(f'tensors cannot be read safely by torch {torch.__version__}, 2.6 can')
    return torch.load(io.BytesIO(content), map_location='cpu', weights_only=True)


_TENSORS = {('torch._utils', '_rebuild_tensor_v2'): torch._utils._rebuild_tensor_v2,
            ('torch.storage', '_load_from_bytes'): _load_storage}
_PREPARE = 'make it with one of tools/data/prepare_*.py, or set ann_file to where it is'


class _PlainUnpickler(pickle.Unpickler):

    def __init__(self, file: Any, tensors: bool) -> None:
        super().__init__(file)
        self.tensors = tensors

    def find_class(self, module: str, name: str) -> Any:
        """Look up what the pickle asks for, if it is plain data."""
        if digit_version(np.__version__) < digit_version('2'):  # numpy 1 reads what numpy 2 wrote
            module = module.replace('numpy._core', 'numpy.core')
        if self.tensors and (module, name) in _TENSORS:
            return _TENSORS[module, name]
        if (module.replace('__builtin__', 'builtins'), name) in _PLAIN:  # Python 2's name, up to protocol 2
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f'{module}.{name} is not plain data')


def load_plain_pickle(path: Union[str, PathLike], remedy: str = _PREPARE, tensors: bool = False) -> Any:
    """Load a pickle that holds containers, numbers, strings and numpy arrays, and refuse any other.

    Args:
        path: The file.
        remedy: What to do if there is none, for the message. Defaults to making an annotation.
        tensors: Whether it may hold tensors too; from torch 2.6 on. Defaults to False.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if it is truncated, is not a pickle, or holds anything else; the message names the file.
    """
    try:
        with open(path, 'rb') as file:
            return _PlainUnpickler(io.BufferedReader(file, 1 << 20), tensors).load()  # type: ignore[arg-type]
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} does not exist: {remedy}') from None
    except (EOFError, pickle.UnpicklingError, AttributeError, ImportError, IndexError, KeyError, MemoryError,
            RuntimeError, TypeError, UnicodeDecodeError, ValueError) as error:
        raise UserError(f'{path} is not a whole pickle of plain data ({error}): copy or prepare it again') from error
