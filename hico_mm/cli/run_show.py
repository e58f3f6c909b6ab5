"""What ``hico-mm show`` does."""

import argparse
import shlex
from collections import Counter
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple

from ..apis.read_clip import RawClip, clips_in, of_entry, read_clip
from ..converters.registry import load_readers
from ..datasets.annotation import read_annotation
from ..datasets.checks import UNLABELLED, clip_fault, clip_name, label_of
from ..errors import UserError
from ..fileio import atomic_write, check_writable
from ..structures import LAYOUTS, SkeletonLayout, get_layout
from ..visualization import joint_panel, plot_panels, stream_panels, view_panels, write_animation, write_page
from ..visualization.animation import LONGEST, ffmpeg
from ..visualization.panels import Panel
from ..visualization.upright import UPS, up_axis, up_text
from ..wiring.requirements import requirements_of
from .clips import is_array

FPS = 30.0  # of clips that do not say
MOVING = ('.gif', '.mp4', '.html')


class Shown(NamedTuple):
    """A clip to show, its class, its skeleton, and the axis that points up in it."""

    clip: RawClip
    label: str
    layout: SkeletonLayout
    up: int


def show(args: argparse.Namespace) -> int:
    """Show the clips of a command line, and return the exit status."""
    check_writable(args.out)
    if args.out.suffix == '.mp4':
        ffmpeg(args.out)
    load_readers(args.imports)
    wanted = _skeleton(args)
    clips = [clip for source in args.sources for clip in _described(_read(source, args, wanted), wanted, args.up)]
    rows = _rows(clips, args)
    seconds = max(clip.keypoint.shape[1] / (clip.fps or FPS) for clip, *_ in clips)
    _say_what(clips, args)
    _write(args, rows, seconds)
    print(f'next: {_next(args)}')
    return 0


def _skeleton(args: argparse.Namespace) -> Optional[SkeletonLayout]:
    """Return the skeleton that the command line names."""
    if args.layout is not None or args.config is None:
        return args.layout
    layout = requirements_of(args.config)['layout']
    if layout is None:
        raise UserError(f'config {args.config} has no dataset with a layout: give --layout')
    return layout


def _read(source: str, args: argparse.Namespace, layout: Optional[SkeletonLayout]) -> List[Tuple[RawClip, str]]:
    """Read the clips of a source, with their classes as text."""
    path, frames = Path(source), None if args.frames is None else tuple(args.frames)
    if path.suffix.lower() in ('.pkl', '.pickle') and path.is_file():
        try:
            annotation = read_annotation(path)
        except UserError as error:
            if args.clips:
                raise
            return [(_recording(source, args, layout, error), '')]
        clips = _chosen(annotation.clips, args, path, layout)
        return [(clip if frames is None else clip.cut(*frames), _class(clip.label, annotation.classes))
                for clip in clips]
    if args.clips:
        raise UserError(f'{source} is not an annotation pickle, so --clips has no meaning: leave it out')
    sources = clips_in(source, args.format)[:args.most]
    clips = [read_clip(one, **_options(one, args, layout)) for one in sources]
    return [(clip, _class(clip.label, None)) for clip in clips]


def _recording(source: str, args: argparse.Namespace, layout: Any, error: UserError) -> RawClip:
    """Read a pickle that is not an annotation, which may be a recording."""
    try:
        return read_clip(source, **_options(source, args, layout))
    except UserError:
        raise error from None


def _options(source: Any, args: argparse.Namespace, layout: Optional[SkeletonLayout]) -> dict:
    stated = layout if args.layout is not None or is_array(source) else None  # the config's own does not overrule files
    return dict(axes=args.axes if is_array(source) else None, layout=stated, format=args.format,
                frames=None if args.frames is None else tuple(args.frames))


def _chosen(entries: List[dict], args: argparse.Namespace, path: Path, layout: Any) -> List[RawClip]:
    """Return the clips of an annotation that are to be shown: those that are named, or the first of each class.

    Raises:
        UserError: if there is no valid clip, or one that is named does not exist.
    """
    sound = {clip_name(clip): clip for clip in entries if not clip_fault(clip, layout)}
    first = {label_of(clip): name for name, clip in reversed(sound.items())}
    names = args.clips or (list(sound) if set(first) == {UNLABELLED} else [first[label] for label in sorted(first)])
    unknown = [name for name in names if name not in sound]
    if unknown or not names:
        which = f'valid clip {", ".join(unknown)}' if unknown else 'valid clip'
        skeleton = '' if layout is None else f' of layout "{layout.name}"'
        raise UserError(f'{path} has no {which}{skeleton}: run hico-mm check on it')
    return [of_entry(sound[name], f'{path}: clip {name}') for name in (names if args.clips else names[:args.most])]


def _class(label: int, classes: Optional[List[str]]) -> str:
    if label == UNLABELLED:
        return ''
    return classes[label] if classes is not None and label < len(classes) else f'label {label}'


def _described(clips: List[Tuple[RawClip, str]], wanted: Optional[SkeletonLayout], up: Optional[str]) -> List[Shown]:
    """Find the skeleton of the clips of a source, and which way is up in them.

    Raises:
        UserError: if a skeleton is not known.
    """
    layouts = [_layout_of(clip, wanted) for clip, _ in clips]
    if up is not None and any(clip.keypoint.shape[-1] == 2 for clip, _ in clips):
        raise UserError(f'{clips[0][0].name} is 2-D, so y points down in it and --up has no meaning: leave --up out')
    ups = {layout.name: UPS[up] if up else up_axis(
        [clip.keypoint for (clip, _), other in zip(clips, layouts) if other == layout], layout) for layout in layouts}
    return [Shown(clip, label, layout, ups[layout.name]) for (clip, label), layout in zip(clips, layouts)]


def _layout_of(clip: RawClip, wanted: Optional[SkeletonLayout]) -> SkeletonLayout:
    joints, channels = clip.keypoint.shape[2:]
    known = wanted if clip.layout is None else get_layout(clip.layout)
    layout = known or usual_layout(joints, channels)
    if layout is None:
        raise UserError(f'{clip.name} has {joints} joints of {channels} coordinates, which is no skeleton known here: '
                        'describe it with --layout FILE.json, or name the config with --config')
    if layout.num_joints != joints:
        raise UserError(f'{clip.name} has {joints} joints, but layout "{layout.name}" has {layout.num_joints}: give '
                        'the matching --layout')
    return layout


def usual_layout(joints: int, channels: int) -> Optional[SkeletonLayout]:
    """Return the skeleton that clips with this many joints usually have, or None."""
    fits = [layout for layout in LAYOUTS.values() if layout.num_joints == joints]
    flat = [layout for layout in fits if layout.name.startswith(('openpose', 'coco'))]
    solid = [layout for layout in fits if layout not in flat]
    return next(iter((flat + solid) if channels == 2 else (solid + flat)), None)


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
    source = shlex.quote(args.sources[0])
    if args.out.suffix not in MOVING:
        return f'hico-mm show {source} --out {shlex.quote(str(args.out.with_suffix(".html")))} shows them move'
    if args.views:
        return f'hico-mm train {args.config} pretrains on such views'
    if Path(args.sources[0]).suffix == '.pkl':
        return f'hico-mm check {source} reports what is wrong with any clip of it'
    return f'hico-mm convert {source} --out data/mine.pkl makes an annotation to train on'
