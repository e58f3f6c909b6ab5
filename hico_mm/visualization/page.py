"""A page on which panels move, in one file."""

from pathlib import Path
from typing import Sequence, Union

import numpy as np

from .motion import quantise
from .panels import Panel
from .strip import Card, write_strip

MOST_FRAMES = 240  # of a clip on the page
ABOUT = 'A row for each clip.'


def write_page(path: Union[str, Path], rows: Sequence[Sequence[Panel]], seconds: float, title: str = 'Clips') -> None:
    """Write a page that needs no network.

    Args:
        path: The file.
        rows: The panels of each clip.
        seconds: How long each is played; they are repeated.
        title: Title of the page. Defaults to 'Clips'.
    """
    write_strip(path, [[_card(panel) for panel in row] for row in rows], dict(edges=[]), title, ABOUT, seconds)


def _card(panel: Panel) -> Card:
    seen = np.isfinite(panel.points).all(-1)
    points = np.where(seen[..., None], panel.points, 0)
    if points.shape[-1] == 2:
        points = points * np.array([1, -1])  # the page counts pixels downwards
    return dict(name=panel.name, kind=panel.kind, label=panel.label, motion=quantise(points, seen, MOST_FRAMES),
                edges=[list(edge) for edge in panel.edges])
