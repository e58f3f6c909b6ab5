"""Arguments of the commands that read single clips."""

import argparse
from typing import Any, Dict, List, Sequence

from ..structures import LAYOUTS
from .command import count

ARRAYS = ('.npy', '.npz')
FILES = ('a .skeleton file, a .json clip of NW-UCLA, a .txt recording of PKU-MMD, a .npy or .npz array, or '
         'ANNOTATION.pkl:NAME')


def add_clip_arguments(parser: argparse.ArgumentParser, frames: str = 'use only these frames') -> None:
    """Add the arguments that say how files are to be read; ``frames`` is the help of --frames."""
    parser.add_argument('--frames', nargs=2, type=count, metavar=('FIRST', 'LAST'),
                        help=f'{frames}, counted from 1, both included')
    parser.add_argument('--axes', help='order of the axes of arrays by M (persons), T (frames), V (joints) and C '
                        '(coordinates), for example CTVM; default: MTVC, or TVC')
    parser.add_argument('--layout', choices=sorted(LAYOUTS), help='skeleton of arrays; default: that of the checkpoint')
    parser.add_argument('--img-shape', nargs=2, type=count, metavar=('HEIGHT', 'WIDTH'),
                        help='size of the image in pixels, to normalise 2-D poses')


def add_encoder_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how clips are encoded."""
    parser.add_argument('--device', default='cpu', help='device of the encoder; default: cpu')
    parser.add_argument('--batch-size', type=count, default=64, help='clips encoded at a time; default: 64')


def check_clip_arguments(parser: argparse.ArgumentParser, args: argparse.Namespace, sources: Sequence[str]) -> None:
    """Refuse options of arrays if no source is an array."""
    for option in 'axes', 'layout':
        if getattr(args, option) is not None and not any(map(is_array, sources)):
            parser.error(f'--{option} describes .npy and .npz arrays, but no array is given: leave it out')


def is_array(source: str) -> bool:
    """Return whether a source is a NumPy file."""
    return source.lower().endswith(ARRAYS)


def clip_options(args: argparse.Namespace, source: str) -> Dict[str, Any]:
    """Return the arguments of ``read_clip`` for a source, without those that are not given or not meant for it."""
    names: List[str] = ['frames', 'img_shape', *(('axes', 'layout') if is_array(source) else ())]
    options = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
