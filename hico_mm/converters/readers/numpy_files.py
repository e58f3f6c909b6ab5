"""Open NumPy files. Objects in them are never unpickled."""

import zipfile
from pathlib import Path
from typing import Dict, List

import numpy as np

from ...errors import UserError


def open_arrays(path: Path) -> Dict[str, np.ndarray]:
    """Return the arrays in a ``.npy`` or ``.npz`` file by name; the one in a ``.npy`` file is called ''.

    Raises:
        UserError: if it is not such a file, or holds objects. The message does not name the file.
    """
    try:
        with path.open('rb') as file:
            content = np.load(file, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return {'': content}
            return {name: content[name] for name in content.files}
    except (ValueError, EOFError, MemoryError, zipfile.BadZipFile, NotImplementedError, SyntaxError, KeyError) as error:
        reason = 'it holds Python objects' if 'allow_pickle' in str(error) else str(error)[:100] or type(error).__name__
        raise UserError(f'is not a complete NumPy file of numbers ({reason}): save it again') from None


def arrays_in(path: Path) -> List[str]:
    """Return the names of the arrays in a ``.npz`` file, or none if it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name[:-4] for name in archive.namelist() if name.endswith('.npy')]
    except (OSError, zipfile.BadZipFile, ValueError):
        return []
