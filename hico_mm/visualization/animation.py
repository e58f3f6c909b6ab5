"""Draw panels moving, as GIF or MP4."""

import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List, Sequence, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ..errors import UserError
from ..fileio import atomic_write
from .panels import Panel
from .skeletons import FOOT, GAP, add_legend, draw, frame_axes, ratio_of, segments

RATES = {'.gif': 12.5, '.mp4': 30}  # frames per second; a GIF counts in hundredths of a second
LONGEST = 20.0  # seconds
COLUMNS = 4
TITLE = .5  # inches: three lines


def grid_of(rows: Sequence[Sequence[Panel]]) -> List[List[Panel]]:
    """Arrange panels: a row for each clip, or several clips in a row if there is one panel of each."""
    if any(len(row) > 1 for row in rows):
        return [list(row) for row in rows]
    flat = [panel for row in rows for panel in row]
    return [flat[start:start + COLUMNS] for start in range(0, len(flat), COLUMNS)]


def write_animation(path: Union[str, Path], rows: Sequence[Sequence[Panel]], seconds: float) -> int:
    """Write an animation. All panels are stretched to the same time.

    Args:
        path: The file, whose ending is ``.gif`` or ``.mp4``. MP4 needs ffmpeg.
        rows: The panels of each clip.
        seconds: Duration; at most ``LONGEST`` seconds are written, and longer clips are played faster.

    Returns:
        The number of frames.

    Raises:
        UserError: if MP4 is wanted and there is no ffmpeg that can write it.
    """
    path = Path(path)
    rate = RATES[path.suffix]
    ticks = max(round(min(seconds, LONGEST) * rate), 2)
    pictures = _pictures(grid_of(rows), ticks)
    with atomic_write(path) as temporary:
        if path.suffix == '.gif':
            _write_gif(temporary, pictures, rate)
        else:
            _write_mp4(temporary, pictures, rate, path)
    return ticks


def ffmpeg(path: Path) -> str:
    """Return the program that writes MP4.

    Args:
        path: The file to write, for the message.

    Raises:
        UserError: if there is none.
    """
    found = shutil.which('ffmpeg')
    if found is None:
        try:
            from imageio_ffmpeg import get_ffmpeg_exe
            found = str(get_ffmpeg_exe())
        except (ImportError, RuntimeError):
            raise UserError(f'{path} needs ffmpeg, which is not installed: pip install "hico_mm[film]", or write a '
                            '.gif or .html') from None
    return found


def _write_gif(path: Path, pictures: Iterator[np.ndarray], rate: float) -> None:
    first, *others = (Image.fromarray(picture).quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
                      for picture in pictures)
    first.save(path, save_all=True, append_images=others, duration=round(1000 / rate), loop=0)


def _write_mp4(path: Path, pictures: Iterator[np.ndarray], rate: float, shown: Path) -> None:
    """Send pictures to ffmpeg; ``shown`` is the name of the file in messages."""
    first = next(pictures)
    tall, wide = first.shape[:2]
    words = [ffmpeg(shown), '-y', '-loglevel', 'error', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{wide}x{tall}',
             '-r', str(rate), '-i', '-', '-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2', '-c:v', 'libx264', '-pix_fmt',
             'yuv420p', '-movflags', '+faststart', str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        try:
            process.stdin.write(first.tobytes())
            for picture in pictures:
                process.stdin.write(picture.tobytes())
            process.stdin.close()
        except BrokenPipeError:  # ffmpeg says why
            pass
        said = process.stderr.read().decode('utf-8', 'replace').strip().splitlines()
    if process.returncode:
        raise UserError(f'{shown} cannot be written, since ffmpeg failed ({(said or ["no reason given"])[-1][:150]}): '
                        'write a .gif or .html')


def _pictures(grid: Sequence[Sequence[Panel]], ticks: int) -> Iterator[np.ndarray]:
    """Yield pictures (height, width, 3) of a grid of panels. What does not move is only drawn once."""
    panels = [panel for row in grid for panel in row]
    height, ratio, columns = 2.6, ratio_of(panels), max(map(len, grid))
    width, row_height = max(height * ratio, 2.2), height + TITLE
    figure = Figure(figsize=((width + GAP) * columns + GAP, row_height * len(grid) + FOOT))
    canvas = FigureCanvasAgg(figure)
    across, tall = figure.get_size_inches()
    drawn = []
    for number, row in enumerate(grid):
        bottom = (tall - (number + 1) * row_height) / tall
        for column, panel in enumerate(row):
            place = figure.add_axes(((GAP + column * (width + GAP)) / across, bottom, width / across, height / tall))
            frame_axes(place, panel, width / height)
            place.set_title(_folded(panel, width), fontsize=8, pad=3)
            drawn.append((panel, place, draw(place, panel, 0)))
    add_legend(figure, panels)
    for _, _, lines in drawn:
        for line, *_ in lines:
            line.set_animated(True)
    canvas.draw()
    ground = canvas.copy_from_bbox(figure.bbox)
    for tick in range(ticks):
        canvas.restore_region(ground)
        for panel, axis, lines in drawn:
            frame = int((tick + .5) / ticks * panel.points.shape[1])
            for line, person, side in lines:
                line.set_segments(segments(panel, person, side, frame))
                axis.draw_artist(line)
        yield np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _folded(panel: Panel, width: float) -> str:
    """Return the title in lines that fit a width in inches."""
    most = int(15 * width)
    lines = (part for part in (panel.name, panel.label, panel.kind) if part)
    return '\n'.join(line if len(line) <= most else f'{line[:most - 1]}…' for line in lines)
