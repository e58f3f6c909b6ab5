"""Reading pickles that may hold plain data only."""

import io
import pickle
from os import PathLike
from typing import Any, Union

import numpy as np

# What containers, numbers, strings and numpy arrays need to be rebuilt; nothing here runs code of the file's choice.
_PLAIN = {
    ('numpy', 'ndarray'), ('numpy', 'dtype'),
    ('_codecs', 'encode'),
    ('builtins', 'set'), ('builtins', 'frozenset'), ('builtins', 'slice'), ('builtins', 'complex'),
    ('builtins', 'bytearray'), ('collections', 'OrderedDict'),
} | {(f'numpy.{core}.{module}', name)
     for core in ('core', '_core')
     for module, name in (('multiarray', '_reconstruct'), ('multiarray', 'scalar'), ('numeric', '_frombuffer'))}


class _PlainUnpickler(pickle.Unpickler):

    def find_class(self, module: str, name: str) -> Any:
        """Look up what the pickle asks for, if it is plain data."""
        if not hasattr(np, '_core'):  # numpy 1 reads what numpy 2 wrote
            module = module.replace('numpy._core', 'numpy.core')
        if (module.replace('__builtin__', 'builtins'), name) in _PLAIN:  # Python 2's name, up to protocol 2
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f'{module}.{name} is not plain data')


def load_plain_pickle(path: Union[str, PathLike]) -> Any:
    """Load a pickle that holds containers, numbers, strings and numpy arrays, and refuse any other.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is truncated, is no pickle, or holds anything else; the message names the file.
    """
    try:
        with open(path, 'rb') as file:
            return _PlainUnpickler(io.BufferedReader(file, 1 << 20)).load()  # type: ignore[arg-type]
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} does not exist: make it with one of tools/data/prepare_*.py, or set '
                                'ann_file to where it is') from None
    except (EOFError, pickle.UnpicklingError, AttributeError, ImportError, IndexError, KeyError, MemoryError,
            TypeError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f'{path} is not a whole pickle of plain data ({error}): copy or prepare it again') from error
