"""Reading a config file, with one sentence for whatever is wrong with it."""

from pathlib import Path

from mmengine.config import Config

from ..errors import UserError


def read_config(path: str) -> Config:
    """Read a config.

    Raises:
        UserError: if it, or a base of it, cannot be read.
    """
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        raise UserError(f'config {path} builds on {_shown(error, path)}, which does not exist: correct its _base_') \
            from error
    except SyntaxError as error:
        raise UserError(f'config {path}, or a base of it, is not Python: {error.msg} in line {error.lineno}') from error
    except Exception as error:  # a config is Python, which may fail in any way
        raise UserError(f'config {path} cannot be read ({type(error).__name__}: {error}): correct it') from error


def _shown(error: FileNotFoundError, path: str) -> str:
    """The missing file, relative to the config if it is below it."""
    missing = Path(str(error.filename or error))
    folder = Path(path).resolve().parent
    return str(missing.relative_to(folder)) if missing.is_relative_to(folder) else str(missing)
