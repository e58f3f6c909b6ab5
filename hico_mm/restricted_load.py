"""Safe loading of checkpoints for torch before 2.6, whose own loader can run code named in a file."""

import pickle
from types import SimpleNamespace
from typing import Any, Dict, Sequence, Tuple


def _latin1(text: str, codec: str) -> bytes:
    """Restrict ``codecs.encode`` to its only use in a pickle: bytes before protocol 3."""
    if codec != 'latin1':
        raise pickle.UnpicklingError(f'it uses the encoding {codec}, which is not allowed in checkpoints')
    return text.encode('latin1')


def load_restricted(file: Any, more: Sequence[Tuple[Any, str]] = (), map_location: Any = 'cpu') -> Any:
    """Load a checkpoint that may contain only tensors and the objects listed in ``more``.

    Args:
        file: Its path, or an open file.
        more: Further allowed objects besides those of tensors, with their dotted names in the file.
            None by default.
        map_location: Device of the tensors, see ``torch.load``. Defaults to the CPU.

    Raises:
        pickle.UnpicklingError: if it names anything else.
    """
    import torch
    from torch._weights_only_unpickler import _get_allowed_globals

    allowed: Dict[str, Any] = {**_get_allowed_globals(), **{name: value for value, name in more},
                               '_codecs.encode': _latin1}

    class Unpickler(pickle.Unpickler):
        """An unpickler that only finds allowed objects."""

        def find_class(self, module: str, name: str) -> Any:
            """Return an allowed object by its name."""
            full = f'{module}.{name}'.replace('__builtin__.', 'builtins.')  # Python 2's name, in protocol 2
            if full not in allowed:
                raise pickle.UnpicklingError(f'it names {full}, which is not allowed in checkpoints')
            return allowed[full]

    restricted = SimpleNamespace(
        __name__='pickle', Unpickler=Unpickler, load=lambda file, **options: Unpickler(file, **options).load())
    return torch.load(file, map_location, pickle_module=restricted, weights_only=False)
