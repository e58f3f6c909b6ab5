"""Clips as rows of stick figures."""

from typing import Sequence, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..structures import SkeletonLayout, get_layout

COLOURS = ('tab:blue', 'tab:orange', 'tab:green')


def plot_clips(clips: Sequence[dict], layout: Union[str, dict, SkeletonLayout], num_frames: int = 8) -> Figure:
    """Draw each clip as a row of frames, evenly spread over it, as the camera sees them; persons in their own colours.

    Args:
        clips: ``frame_dir``, perhaps ``label``, and ``keypoint`` (M, T, V, C): x to the right; y upwards of 3-D
            joints, and downwards of 2-D ones, which are pixels.
        layout: The skeleton.
        num_frames: Frames in a row. Defaults to 8.
    """
    layout = get_layout(layout)
    figure = Figure(figsize=(1.2 * num_frames, 1.9 * len(clips)), layout='constrained')
    axes = figure.subplots(len(clips), num_frames, squeeze=False)
    for row, clip in zip(axes, clips):
        keypoint = np.asarray(clip['keypoint'], dtype=np.float32)
        frames = np.linspace(0, keypoint.shape[1] - 1, num_frames).round().astype(int)
        low, high = _limits(keypoint)
        for axis, frame in zip(row, frames):
            for person, colour in zip(keypoint[:, frame], COLOURS * len(keypoint)):
                _draw(axis, person, layout, colour)
            axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect='equal', xticks=[], yticks=[])
            axis.set_xlabel(f'frame {frame}', fontsize=7)
            if keypoint.shape[-1] == 2:
                axis.invert_yaxis()
        label = '' if clip.get('label') is None else f', label {clip["label"]}'
        row[0].set_title(f'{clip.get("frame_dir", "")}{label}', loc='left', fontsize=9)
    return figure


def _limits(keypoint: np.ndarray) -> np.ndarray:
    """The middle 99 % of where joints are, with a margin: [low, high] (2, 2) of x and y."""
    seen = keypoint[keypoint.any(-1)][:, :2]
    low, high = np.percentile(seen, (.5, 99.5), axis=0) if len(seen) else np.array([[0, 0], [1, 1]])
    margin = .1 * max((high - low).max(), 1e-3)
    return np.stack([low - margin, high + margin])


def _draw(axis: Axes, person: np.ndarray, layout: SkeletonLayout, colour: str) -> None:
    for joint, parent in layout.edges:
        if person[joint].any() and person[parent].any():
            axis.plot(*person[[joint, parent], :2].T, color=colour, linewidth=1.2)
