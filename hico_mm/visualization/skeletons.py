"""Draw clips as rows of stick figures."""

from typing import Optional, Sequence, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..structures import SkeletonLayout, get_layout

LEFT, RIGHT, MIDDLE = 'tab:orange', 'tab:blue', 'dimgray'
STYLES = ('-', '--', ':')  # line styles of the first person, the second, ...


def plot_clips(clips: Sequence[dict], layout: Union[str, dict, SkeletonLayout], num_frames: int = 8,
               classes: Optional[Sequence[str]] = None, numbers: bool = False) -> Figure:
    """Draw each clip as a row of evenly spaced frames, as seen by the camera.

    The left side of a body is orange, the right side is blue. The second person is dashed.

    Args:
        clips: Dicts with ``frame_dir``, optionally ``label``, and ``keypoint`` (M, T, V, C). x points to the right; y
            points up for 3-D joints, and down for 2-D joints, which are pixels.
        layout: The skeleton.
        num_frames: Number of frames per row. Defaults to 8.
        classes: Names of the classes. Defaults to None.
        numbers: Whether to number the joints in the first frame of each row. Defaults to False.
    """
    layout = get_layout(layout)
    size = 3.2 if numbers else 1.2
    figure = Figure(figsize=(size * num_frames, (size + .7) * len(clips)), layout='constrained')
    axes = figure.subplots(len(clips), num_frames, squeeze=False)
    for row, clip in zip(axes, clips):
        keypoint = np.asarray(clip['keypoint'], dtype=np.float32)
        frames = np.linspace(0, keypoint.shape[1] - 1, num_frames).round().astype(int)
        low, high = _limits(keypoint)
        for axis, frame in zip(row, frames):
            for person, style in zip(keypoint[:, frame], STYLES * len(keypoint)):
                _draw(axis, person, layout, style)
            axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect='equal', xticks=[], yticks=[])
            axis.set_xlabel(f'frame {frame}', fontsize=7)
            if keypoint.shape[-1] == 2:
                axis.invert_yaxis()
        if numbers:
            _number(row[0], keypoint[0, 0])
        row[0].set_title(f'{clip.get("frame_dir", "")}{_class(clip, classes)}', loc='left', fontsize=9)
    return figure


def _class(clip: dict, classes: Optional[Sequence[str]]) -> str:
    """Format the class of a clip for a title, with a comma before it."""
    label = clip.get('label')
    if label is None:
        return ''
    known = classes is not None and 0 <= int(label) < len(classes)
    return f', {classes[int(label)]}' if classes is not None and known else f', label {label}'


def _limits(keypoint: np.ndarray) -> np.ndarray:
    """Return the range of the middle 99 % of joint positions with a margin: [low, high] (2, 2) of x and y."""
    seen = keypoint[keypoint.any(-1)][:, :2]
    low, high = np.percentile(seen, (.5, 99.5), axis=0) if len(seen) else np.array([[0, 0], [1, 1]])
    margin = .1 * max((high - low).max(), 1e-3)
    return np.stack([low - margin, high + margin])


def _draw(axis: Axes, person: np.ndarray, layout: SkeletonLayout, style: str) -> None:
    sides = {joint: colour for pair in layout.pairs for joint, colour in zip(pair, (LEFT, RIGHT))}
    for joint, parent in layout.edges:
        if person[joint].any() and person[parent].any():
            axis.plot(*person[[joint, parent], :2].T, color=sides.get(joint, MIDDLE), linestyle=style, linewidth=1.2)


def _number(axis: Axes, person: np.ndarray) -> None:
    for joint, place in enumerate(person):
        if place.any():
            axis.annotate(str(joint), place[:2], fontsize=8)
