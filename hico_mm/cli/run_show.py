"""What ``hico-mm show`` does."""

import argparse
import shlex
from collections import Counter
from pathlib import Path
from typing import List

from ..converters.registry import load_readers
from ..fileio import atomic_write, check_writable
from ..visualization import joint_panel, plot_panels, stream_panels, view_panels, write_animation, write_page
from ..visualization.animation import LONGEST, ffmpeg
from ..visualization.panels import Panel
from ..visualization.upright import up_axis, up_text
from .shown_clips import Shown, shown_clips

FPS = 30.0  # of clips that do not say
MOVING = ('.gif', '.mp4', '.html')


def show(args: argparse.Namespace) -> int:
    """Show the clips of a command line, and return the exit status."""
    check_writable(args.out)
    if args.out.suffix == '.mp4':
        ffmpeg(args.out)
    load_readers(args.imports)
    clips = shown_clips(args)
    rows = _rows(clips, args)
    seconds = max(clip.keypoint.shape[1] / (clip.fps or FPS) for clip, *_ in clips)
    _say_what(clips, args)
    _write(args, rows, seconds)
    print(f'next: {_next(args)}')
    return 0


def _rows(clips: List[Shown], args: argparse.Namespace) -> List[List[Panel]]:
    """Return the panels of each clip."""
    rows = [stream_panels(clip.keypoint, layout, up, clip.name, label) if args.streams else
            [joint_panel(clip.keypoint, layout, up, clip.name, 'recorded', label)] for clip, label, layout, up in clips]
    if args.views:
        from ..apis.views import make_views

        for row, shown, views in zip(rows, clips, make_views([one.clip for one in clips], args.config, args.seed or 0)):
            up = up_axis([views.normalised], views.layout)
            row.append(joint_panel(views.normalised, views.layout, up, shown.clip.name, 'normalised', shown.label))
            row += view_panels(views.views, views.stream, views.layout, up, shown.clip.name, shown.label)
    return rows


def _say_what(clips: List[Shown], args: argparse.Namespace) -> None:
    """Say which skeleton and which direction are assumed."""
    kinds = Counter((one.layout.name, one.clip.keypoint.shape[-1], one.up, one.layout.spine is None) for one in clips)
    for (layout, channels, up, bare), count in kinds.items():
        how = 'as stated' if args.up else 'assumed; --up changes it' if bare else 'found from the spines'
        direction = 'up is -y (pixels)' if channels == 2 else f'up is {up_text(up)} ({how})'
        print(f'{count} clip{"s" if count > 1 else ""} with skeleton "{layout}", {direction}')


def _write(args: argparse.Namespace, rows: List[List[Panel]], seconds: float) -> None:
    """Write the file, and say what is in it."""
    panels = [panel for row in rows for panel in row]
    if args.out.suffix == '.html':
        shown = min(seconds, LONGEST)
        write_page(args.out, rows, round(shown, 2), ', '.join(dict.fromkeys(panel.name for panel in panels))[:80])
        print(f'{args.out}: {len(panels)} moving skeletons; open it in a browser')
    elif args.out.suffix in MOVING:
        ticks = write_animation(args.out, rows, seconds)
        faster = f', {seconds / LONGEST:.1f} times as fast as recorded' if seconds > LONGEST else ''
        print(f'{args.out}: {len(panels)} moving skeletons, {ticks} frames{faster}')
    else:
        with atomic_write(args.out) as temporary:
            plot_panels(panels, args.columns or 8, args.numbers).savefig(temporary, dpi=120)
        print(f'{args.out}: {len(panels)} row{"s" if len(panels) > 1 else ""} of frames')


def _next(args: argparse.Namespace) -> str:
    """Return the command that most users run after this one."""
    if args.out.suffix not in MOVING:
        words = [*_without(args.words, '--out', '--columns', '--numbers'), '--out', str(args.out.with_suffix('.html'))]
        return f'hico-mm show {shlex.join(words)} shows them move'
    if args.views:
        return f'hico-mm train {args.config} pretrains on such views'
    source = args.sources[0].rpartition('.pkl:')[0] + '.pkl' if '.pkl:' in args.sources[0] else args.sources[0]
    if Path(source).suffix in ('.pkl', '.pickle'):
        return f'hico-mm check {shlex.quote(source)} reports what is wrong with any clip of it'
    kept = [word for option in ('--axes', '--layout', '--format') for word in _given(args.words, option)]
    return f'hico-mm convert {shlex.join([source, *kept])} --out data/mine.pkl makes an annotation to train on'


def _given(words: List[str], option: str) -> List[str]:
    """Return an option of a command line with its value; nothing if it is not given."""
    for place, word in enumerate(words):
        if word == option:
            return words[place:place + 2]
        if word.startswith(f'{option}='):
            return [word]
    return []


def _without(words: List[str], *options: str) -> List[str]:
    """Return a command line without some options and their values; --numbers has none."""
    left = list(words)
    for option in options:
        given = [option] if option == '--numbers' and option in left else _given(left, option)
        if given:
            place = left.index(given[0])
            del left[place:place + len(given)]
    return left
