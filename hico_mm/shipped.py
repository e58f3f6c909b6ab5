"""Find the configs, tools and weights that come with the package from any folder."""

from pathlib import Path
from typing import List, Union

from .errors import UserError

_PLACE = Path(__file__).parent / '.mim'
CONFIGS, TOOLS = _PLACE / 'configs', _PLACE / 'tools'
WEIGHTS = Path(__file__).parent / 'weights'


def find_config(name: Union[str, Path]) -> Path:
    """Find a config: a file, or one of those that come with the package.

    Args:
        name: A path; a path that begins with ``configs/``, wherever the package is installed; or the end of such a
            path, with or without ``.py``, such as ``hico_gru_ntu60`` or ``linear/hico_ntu60_linear.py``.

    Returns:
        Path: The file; ``name`` itself if there is none.

    Raises:
        UserError: if several configs have this name.
    """
    path = Path(name)
    if path.is_file() or path.is_absolute() or not path.name:
        return path
    parts = path.with_name(f'{path.name.removesuffix(".py")}.py').parts
    parts = parts[1:] if parts[0] == 'configs' else parts
    found = [config for config in shipped_configs() if config.parts[-len(parts):] == parts]
    if len(found) > 1:
        names = ', '.join(str(config.relative_to(CONFIGS.parent)) for config in found)
        raise UserError(f'{name} is the name of several configs: give one of {names}')
    return found[0] if found else path


def shipped_configs() -> List[Path]:
    """Return all configs that come with the package, without the base files."""
    return sorted((CONFIGS / 'hico').rglob('*.py'))


def find_checkpoint(name: Union[str, Path]) -> Path:
    """Find a checkpoint: a file, or weights that come with the package, such as ``hico-lstm-small``.

    Args:
        name: A path, or the name of weights.

    Returns:
        Path: The file; ``name`` itself if there is none.
    """
    path, shipped = Path(name), WEIGHTS / f'{name}.pth'
    return shipped if not path.exists() and path.parent == Path() and shipped.is_file() else path


def shipped_weights() -> List[str]:
    """Return the names of the weights that come with the package."""
    return sorted(path.stem for path in WEIGHTS.glob('*.pth'))
