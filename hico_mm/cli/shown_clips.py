"""The clips that ``hico-mm show`` shows."""

import argparse
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple

from ..apis.read_clip import RawClip, clips_in, of_entry, read_clip
from ..datasets.annotation import read_annotation
from ..datasets.checks import UNLABELLED, clip_fault, clip_name, label_of
from ..errors import UserError
from ..structures import LAYOUTS, SkeletonLayout, get_layout
from ..visualization.upright import UPS, up_axis
from ..wiring.requirements import requirements_of
from .clips import check_axes, is_array, is_clip_of_annotation


class Shown(NamedTuple):
    """A clip to show, its class, its skeleton, and the axis that points up in it."""

    clip: RawClip
    label: str
    layout: SkeletonLayout
    up: int


def shown_clips(args: argparse.Namespace) -> List[Shown]:
    """Read the clips of a command line, and find their skeletons and which way is up in them.

    Raises:
        UserError: if a clip cannot be used, or its skeleton is not known.
    """
    wanted = _skeleton(args)
    if args.axes is not None:
        check_axes(args, [clip for source in args.sources for clip in clips_in(source, args.format)])
    return [clip for source in args.sources for clip in _described(_read(source, args, wanted), wanted, args.up)]


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
        if args.format is not None:
            raise UserError(f'{source} is an annotation, so --format has no meaning: leave it out')
        clips = _chosen(annotation.clips, args, path, layout)
        return [(clip if frames is None else clip.cut(*frames), _class(clip.label, annotation.classes))
                for clip in clips]
    if args.clips:
        raise UserError(f'{source} is not an annotation pickle, so --clips has no meaning: leave it out')
    sources = clips_in(source, None if is_clip_of_annotation(source) else args.format)[:args.most]
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
    return dict(axes=args.axes if is_array(source) else None, layout=stated,
                format=None if is_clip_of_annotation(source) else args.format,
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
