"""Arguments of the commands that read single clips."""

import argparse
from pathlib import Path
from typing import Any, Dict, List, Sequence

from ..errors import UserError
from ..structures import LAYOUTS
from .command import count

ARRAYS = ('.npy', '.npz', '.csv')
FILES = 'a recording in any format that hico-mm convert reads, a .npy, .npz or .csv array, or ANNOTATION.pkl:NAME'


def add_clip_arguments(parser: argparse.ArgumentParser, frames: str = 'use only these frames') -> None:
    """Add the arguments that say how files are to be read; ``frames`` is the help of --frames."""
    parser.add_argument('--frames', nargs=2, type=count, metavar=('FIRST', 'LAST'),
                        help=f'{frames}, counted from 1, both included')
    parser.add_argument('--axes', help='order of the axes of arrays by M (persons), T (frames), V (joints) and C '
                        '(coordinates), for example CTVM; default: MTVC, or TVC')
    parser.add_argument('--layout', choices=sorted(LAYOUTS), help='skeleton, if the files do not say; default: that of '
                        'the checkpoint, except for tables (.csv), which need it')
    parser.add_argument('--format', metavar='NAME', help='format of the files, one of those of hico-mm '
                        'convert; default: guess')
    parser.add_argument('--import', dest='imports', action='append', default=[], metavar='MODULE',
                        help='Python module that registers a reader of another format')
    parser.add_argument('--img-shape', nargs=2, type=count, metavar=('HEIGHT', 'WIDTH'),
                        help='size of the image in pixels, to normalise 2-D poses')


def add_encoder_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how clips are encoded."""
    parser.add_argument('--device', default='cpu', help='device of the encoder; default: cpu')
    parser.add_argument('--batch-size', type=count, default=64, help='clips encoded at a time; default: 64')


def check_clip_arguments(parser: argparse.ArgumentParser, args: argparse.Namespace, sources: Sequence[str]) -> None:
    """Refuse axes if no source is an array, and a format if all sources are clips of annotations."""
    if args.axes is not None and not any(map(is_array, sources)):
        parser.error('--axes describes .npy, .npz and .csv arrays, but none is given: leave it out')
    if args.format is not None and all(map(is_clip_of_annotation, sources)):
        parser.error('--format is that of recordings, but only clips of annotations are given: leave it out')


def check_axes(args: argparse.Namespace, clips: Sequence[Any]) -> None:
    """Check that there is an array among the clips that were found in folders, if axes are given.

    Raises:
        UserError: if there is none.
    """
    if args.axes is not None and not any(map(is_array, clips)):
        raise UserError('--axes describes arrays, but none of the clips is one: leave it out')


def is_array(source: Any) -> bool:
    """Return whether a source, as given or found in a folder, is an array."""
    return source.lower().endswith(ARRAYS) if isinstance(source, str) else source.is_array


def is_clip_of_annotation(source: Any) -> bool:
    """Return whether a source is a clip of an annotation: ANNOTATION.pkl:NAME."""
    return isinstance(source, str) and '.pkl:' in source and not Path(source).is_file()


def clip_options(args: argparse.Namespace, source: Any) -> Dict[str, Any]:
    """Return the arguments of ``read_clip`` for a source, without those that are not given or not meant for it."""
    from ..converters.registry import load_readers

    load_readers(args.imports)
    names: List[str] = ['frames', 'img_shape', 'layout', *(('axes', ) if is_array(source) else ()),
                        *(() if is_clip_of_annotation(source) else ('format', ))]
    options = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
