"""Read pickles that may contain plain data only."""

import io
import math
import os
import pickle
import pickletools
import re
from collections import OrderedDict
from os import PathLike
from typing import Any, Callable, Dict, List, Tuple, Union

import numpy as np

from ..errors import UserError

_PREPARE = 'create it with hico-mm convert, or set ann_file to its path'
_DTYPE = re.compile(r'[<>|=]?(?:b1|[iu][1248]|f2|f4|f8|f16|c8|c16|c32|[SU]\d{1,9})')
_DEEPEST = 100  # nesting of containers; anything deeper breaks recursive code
_MEMO_OPCODES = ('PUT', 'BINPUT', 'LONG_BINPUT')


class _Callable:
    """Stand-in for a global named in the file. It can be called, but not used in any other way."""

    __slots__ = ('_function', )

    def __init__(self, function: Callable) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError('the file changes the state of a function')


class _NdarrayType:
    """Stand-in for ``numpy.ndarray``, which is only allowed as an argument of ``_reconstruct``."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError('the file changes the state of a type')


_NDARRAY = _NdarrayType()


class _Dtype:
    """A dtype under construction: numbers and text of a fixed size."""

    __slots__ = ('dtype', )

    def __init__(self, name: Any = None, align: Any = False, copy: Any = True) -> None:
        if not isinstance(name, str) or not _DTYPE.fullmatch(name):
            raise pickle.UnpicklingError(f'arrays of {str(name)[:40]!r} are not plain data')
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ('<', '>', '|', '=') or any(state[2:5]):
            raise pickle.UnpicklingError('an array has fields or another byte order')
        if state[1] in '<>':
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array(np.ndarray):
    """An array under construction. Its state is checked before it is passed to numpy."""

    def __setstate__(self, state: Any) -> None:  # type: ignore[override]
        if not isinstance(state, tuple) or len(state) != 5:
            raise pickle.UnpicklingError('an array has a state of an unexpected form')
        _, shape, dtype, fortran, data = state
        shape, dtype = _checked(shape, dtype, data)
        super().__setstate__((1, shape, dtype, bool(fortran), data))  # type: ignore[arg-type]


def _checked(shape: Any, dtype: Any, data: Any) -> Tuple[Tuple[int, ...], np.dtype]:
    """Return the shape and dtype, if they are plain and match the number of bytes."""
    if not isinstance(dtype, _Dtype) or not isinstance(data, (bytes, bytearray)):
        raise pickle.UnpicklingError('an array is not made of bytes and a dtype')
    if isinstance(shape, int):
        shape = (shape, )
    if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
        raise pickle.UnpicklingError('an array has no valid shape')
    if math.prod(shape) * dtype.dtype.itemsize != len(data):
        raise pickle.UnpicklingError(f'an array of shape {shape} and type {dtype.dtype} has {len(data)} bytes')
    return shape, dtype.dtype


def _reconstruct(kind: Any, shape: Any, code: Any) -> Any:
    if kind is not _NDARRAY:
        raise pickle.UnpicklingError('an array has an unexpected class')
    return _Array((0, ), np.int8)


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    shape, plain = _checked(shape, dtype, data)
    return np.frombuffer(bytes(data), plain).reshape(shape, order='F' if order == 'F' else 'C').copy('K')


def _scalar(dtype: Any, data: Any) -> Any:
    if isinstance(data, str):
        data = data.encode('latin1')
    _, plain = _checked((), dtype, data)
    return np.frombuffer(data, plain)[0] if plain.itemsize else plain.type()


def _encode(text: Any, codec: Any) -> bytes:
    if not isinstance(text, str) or codec not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'codec {str(codec)[:40]!r} is not needed for plain data')
    return text.encode('latin1')


def _bytearray(data: Any = b'', codec: Any = 'latin1') -> bytearray:
    return bytearray(_encode(data, codec) if isinstance(data, str) else bytes(data) if isinstance(
        data, (bytes, bytearray)) else _encode(None, codec))


def _set(kind: type) -> Callable:
    def make(items: Any = ()) -> Any:
        if not isinstance(items, (list, tuple)):
            raise pickle.UnpicklingError('a set is not made of a list')
        return kind(items)
    return make


def _complex(real: Any, imaginary: Any) -> complex:
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise pickle.UnpicklingError('a complex number is not made of two numbers')
    return complex(real, imaginary)


def _ordered_dict(items: Any = ()) -> OrderedDict:
    if not isinstance(items, (list, tuple)):
        raise pickle.UnpicklingError('an ordered dict is not made of a list')
    return OrderedDict(items)


# The globals needed to rebuild containers, numbers, strings and numpy arrays, each replaced by our own function.
# numpy's functions would accept addresses, sizes and strides from the file.
_PLAIN: Dict[Tuple[str, str], Any] = {
    ('numpy', 'ndarray'): _NDARRAY,
    ('numpy', 'dtype'): _Callable(_Dtype),
    ('_codecs', 'encode'): _Callable(_encode),
    ('builtins', 'set'): _Callable(_set(set)),
    ('builtins', 'frozenset'): _Callable(_set(frozenset)),
    ('builtins', 'complex'): _Callable(_complex),
    ('builtins', 'bytearray'): _Callable(_bytearray),
    ('builtins', 'bytes'): _Callable(lambda: b''),  # how protocol 2 writes empty bytes
    ('collections', 'OrderedDict'): _Callable(_ordered_dict),
}
for _core in ('numpy.core', 'numpy._core'):  # numpy 1 and numpy 2
    _PLAIN[f'{_core}.multiarray', '_reconstruct'] = _Callable(_reconstruct)
    _PLAIN[f'{_core}.multiarray', 'scalar'] = _Callable(_scalar)
    _PLAIN[f'{_core}.numeric', '_frombuffer'] = _Callable(_frombuffer)


class _PlainUnpickler(pickle.Unpickler):

    def __init__(self, file: Any, tensors: bool) -> None:
        super().__init__(file)
        self.tensors = tensors

    def find_class(self, module: str, name: str) -> Any:
        """Look up a global named in the pickle, if it is plain data."""
        key = module.replace('__builtin__', 'builtins'), name  # Python 2's name, up to protocol 2
        if self.tensors:
            from .pickled_tensors import TENSORS  # torch takes seconds to load

            if key in TENSORS:
                return _Callable(TENSORS[key])
        if key in _PLAIN:
            return _PLAIN[key]
        raise pickle.UnpicklingError(f'{module}.{name} is not plain data')


def load_plain_pickle(path: Union[str, PathLike], remedy: str = _PREPARE, tensors: bool = False) -> Any:
    """Load a pickle of containers, numbers, strings and numpy arrays, and refuse any other content.

    All objects are rebuilt by our own functions, and no array can be larger than the file.

    Args:
        path: The file.
        remedy: Advice for the message if the file does not exist. Defaults to creating an annotation.
        tensors: Whether tensors are allowed too. Defaults to False.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if it is truncated, not a pickle, or contains anything else; the message names the file.
    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a named pipe would block forever
            raise UserError(f'{path} is not a file: {remedy}')
        with open(path, 'rb') as file:
            _check_memo(file, os.fstat(file.fileno()).st_size)
            file.seek(0)
            loaded = _PlainUnpickler(io.BufferedReader(file, 1 << 20), tensors).load()  # type: ignore[arg-type]
            return _finished(loaded)
    except UserError:
        raise
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} does not exist: {remedy}') from None
    except OSError as error:
        raise UserError(f'{path} cannot be read ({error.strerror}): {remedy}') from error
    except Exception as error:  # damaged bytes can raise anything
        reason = f'{type(error).__name__}: {str(error)[:200]}'
        raise UserError(f'{path} is not a complete pickle of plain data ({reason}): copy or prepare it '
                        'again') from error


def _check_memo(file: Any, size: int) -> None:
    """Refuse a memo index larger than the file, since the unpickler would allocate memory for all smaller ones."""
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name in _MEMO_OPCODES and int(argument or 0) > size:
            raise pickle.UnpicklingError(f'a memo index of {argument} in a file of {size} bytes')


def _finished(loaded: Any) -> Any:
    """Replace arrays under construction by plain arrays. Containers are changed in place.

    Raises:
        UnpicklingError: if an object was never completed.
    """
    root = [loaded]
    pending: List[Tuple[Any, int]] = [(root, 0)]
    seen = set()
    while pending:
        container, depth = pending.pop()
        if id(container) in seen:
            continue
        if depth > _DEEPEST:
            raise pickle.UnpicklingError(f'it is nested more than {_DEEPEST} levels deep')
        seen.add(id(container))
        if isinstance(container, tuple):
            if any(isinstance(value, (_Array, _Dtype, _Callable, _NdarrayType)) for value in container):
                raise pickle.UnpicklingError('a tuple contains an unfinished array, a function or a type')
        else:
            _finish(container)
        inner = container.values() if isinstance(container, dict) else container
        pending += [(value, depth + 1) for value in reversed(list(inner)) if isinstance(value, (dict, list, tuple))]
    return root[0]


def _finish(container: Any) -> None:
    """Replace arrays under construction by plain arrays in a dict or list."""
    for key, value in container.items() if isinstance(container, dict) else enumerate(container):
        if isinstance(value, _Array):
            container[key] = value.view(np.ndarray)
        elif isinstance(value, tuple) and any(isinstance(item, _Array) for item in value):
            container[key] = value = tuple(
                item.view(np.ndarray) if isinstance(item, _Array) else item for item in value)
        if isinstance(value, (_Callable, _NdarrayType, _Dtype)):
            raise pickle.UnpicklingError('there is a function or a type in place of data')
