"""Draw clips as rows of stick figures."""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..structures import SkeletonLayout, get_layout
from .panels import FAINT, LEFT, MIDDLE, RIGHT, Panel, joint_panel
from .upright import up_axis

ABOVE, BELOW, GAP, FOOT = .27, .24, .08, .3  # inches: titles, numbers of frames, between frames, the legend
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7')  # of the persons; told apart also by who is colour-blind
STYLES: Dict[int, Dict[str, Any]] = {
    MIDDLE: dict(linestyle='-', linewidth=1.1), LEFT: dict(linestyle=(0, (2.2, 1.1)), linewidth=1.6),
    RIGHT: dict(linestyle='-', linewidth=1.8), FAINT: dict(linestyle='-', linewidth=.6, alpha=.35)}


def plot_clips(clips: Sequence[dict], layout: Union[str, dict, SkeletonLayout], num_frames: int = 8,
               classes: Optional[Sequence[str]] = None, numbers: bool = False) -> Figure:
    """Draw each clip as a row of evenly spaced frames. Bodies stand upright; see :func:`plot_panels`.

    Args:
        clips: Dicts with ``frame_dir``, optionally ``label``, and ``keypoint`` (M, T, V, C).
        layout: The skeleton.
        num_frames: Number of frames per row. Defaults to 8.
        classes: Names of the classes. Defaults to None.
        numbers: Whether to number the joints in the first frame of each row. Defaults to False.
    """
    layout = get_layout(layout)
    keypoints = [np.asarray(clip['keypoint'], np.float32) for clip in clips]
    up = up_axis(keypoints, layout)
    panels = [joint_panel(keypoint, layout, up, str(clip.get('frame_dir', '')), '', class_of(clip, classes))
              for clip, keypoint in zip(clips, keypoints)]
    return plot_panels(panels, num_frames, numbers)


def plot_panels(panels: Sequence[Panel], num_frames: int = 8, numbers: bool = False) -> Figure:
    """Draw each panel as a row of evenly spaced frames, all at the same scale in both directions.

    Each person has a colour. The left side of a body is dashed.

    Args:
        panels: The panels.
        num_frames: Number of frames per row. Defaults to 8.
        numbers: Whether to number the points in the first frame of each row. Defaults to False.
    """
    height, ratio = 3.2 if numbers else 1.4, ratio_of(panels)
    width, row_height = height * ratio, height + ABOVE + BELOW
    figure = Figure(figsize=((width + GAP) * num_frames + GAP, row_height * len(panels) + FOOT))
    across, tall = figure.get_size_inches()
    for place, panel in enumerate(panels):
        bottom = (tall - (place + 1) * row_height + BELOW) / tall
        frames = np.linspace(0, panel.points.shape[1] - 1, num_frames).round().astype(int)
        for column, frame in enumerate(frames):
            left = (GAP + column * (width + GAP)) / across
            axis = figure.add_axes((left, bottom, width / across, height / tall))
            draw(axis, panel, frame)
            frame_axes(axis, panel, ratio)
            axis.set_xlabel(f'frame {frame + 1}', fontsize=7, labelpad=2)
            if column == 0:
                axis.set_title(panel.title, loc='left', fontsize=9, pad=4)
            if column == 0 and numbers:
                _number(axis, panel.points[0, 0])
    add_legend(figure, panels)
    return figure


def class_of(clip: dict, classes: Optional[Sequence[str]]) -> str:
    """Return the class of a clip as text: its name, or the label if the name is not known."""
    label = clip.get('label')
    if label is None or int(label) < 0:
        return ''
    return classes[int(label)] if classes is not None and int(label) < len(classes) else f'label {label}'


def ratio_of(panels: Sequence[Panel]) -> float:
    """Return the width of a picture relative to its height that suits most panels."""
    sizes = [high - low for low, high in map(_range, panels)]
    return float(np.clip(np.median([width / tall for width, tall in sizes]), .7, 1.6))


def frame_axes(axis: Axes, panel: Panel, ratio: float) -> None:
    """Set the limits of axes to where the panel moves, with equal scales and no ticks."""
    low, high = _range(panel)
    middle, tall = (low + high) / 2, max((high - low)[1], (high - low)[0] / ratio)
    axis.set(xlim=middle[0] + tall * ratio * np.array([-.5, .5]), ylim=middle[1] + tall * np.array([-.5, .5]),
             aspect='equal', xticks=[], yticks=[])


def draw(axis: Axes, panel: Panel, frame: int) -> List[Tuple[LineCollection, int, int]]:
    """Draw a frame of a panel, and return the lines of each person and side, to move them with :func:`segments`."""
    lines = []
    for person in range(len(panel.points)):
        for side, style in STYLES.items():
            if any(edge[2] == side for edge in panel.edges):
                one = LineCollection(segments(panel, person, side, frame), colors=COLOURS[person % len(COLOURS)],
                                     capstyle='butt' if side == LEFT else 'round', **style)
                axis.add_collection(one, autolim=False)
                lines.append((one, person, side))
    return lines


def segments(panel: Panel, person: int, side: int, frame: int) -> List[np.ndarray]:
    """Return the visible lines of a side of a person, each (2, 2)."""
    edges = [edge[:2] for edge in panel.edges if edge[2] == side]
    ends = panel.points[person, frame][np.array(edges, int).reshape(-1, 2)][..., :2]
    return list(ends[np.isfinite(ends).all((1, 2))])


def add_legend(figure: Figure, panels: Sequence[Panel]) -> None:
    """Say at the bottom what the colours and the line styles mean."""
    persons = max(len(panel.points) for panel in panels)
    handles = [Line2D([], [], color=COLOURS[person % len(COLOURS)], label=f'person {person + 1}')
               for person in range(persons) if persons > 1]
    sides = {side for panel in panels for *_, side in panel.edges}
    handles += [Line2D([], [], color='dimgray', label=f'{name} side', **STYLES[side])
                for side, name in ((LEFT, 'left'), (RIGHT, 'right')) if side in sides]
    if handles:
        figure.legend(handles=handles, loc='lower left', ncols=len(handles), fontsize=8, frameon=False,
                      borderaxespad=.2)


def _range(panel: Panel) -> np.ndarray:
    """Return the range of the middle 99 % of the points with a margin: [low, high] (2, 2) of x and y."""
    seen = panel.points[np.isfinite(panel.points).all(-1)][:, :2]
    low, high = np.percentile(seen, (.5, 99.5), axis=0) if len(seen) else np.array([[0, 0], [1, 1]])
    margin = .08 * max((high - low).max(), 1e-3)
    return np.stack([low - margin, high + margin])


def _number(axis: Axes, points: np.ndarray) -> None:
    for number, place in enumerate(points):
        if np.isfinite(place).all():
            axis.annotate(str(number), place[:2], fontsize=8)
