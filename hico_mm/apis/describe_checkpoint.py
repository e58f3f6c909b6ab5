"""Describe checkpoints."""

from pathlib import Path
from typing import Union

from ..checkpoints import Description, describe, load_checkpoint


def describe_checkpoint(path: Union[str, Path]) -> Description:
    """Read the description saved in a checkpoint: model, skeleton, stream, data, versions, scores.

    Raises:
        UserError: if the file is missing or damaged, or has no description; the message names it.
    """
    return describe(load_checkpoint(path), path)


def print_checkpoint(path: Union[str, Path]) -> None:
    """Print the description of a checkpoint as a table. The components of its model need not be registered.

    Raises:
        UserError: as :func:`describe_checkpoint`.
    """
    print(f'{path}\n{describe(load_checkpoint(path), path, complete=False)}')
