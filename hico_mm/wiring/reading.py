"""Read a config file, with a one-sentence error if anything is wrong with it."""

from pathlib import Path

from mmengine.config import Config

from ..errors import UserError


def read_config(path: str) -> Config:
    """Read a config.

    Raises:
        UserError: if it, or one of its base configs, cannot be read.
    """
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        raise UserError(f'config {path} is based on {_shown(error, path)}, which does not exist: correct its _base_') \
            from error
    except SyntaxError as error:
        raise UserError(f'config {path} or its base is not valid Python ({error.msg}, line {error.lineno})') from error
    except Exception as error:  # a config is Python, which may fail in any way
        raise UserError(f'config {path} cannot be read ({type(error).__name__}: {error}): correct it') from error


def _shown(error: FileNotFoundError, path: str) -> str:
    """Return the path of the missing file, relative to the folder of the config if it is inside it."""
    missing = Path(str(error.filename or error))
    folder = Path(path).resolve().parent
    return str(missing.relative_to(folder)) if missing.is_relative_to(folder) else str(missing)
