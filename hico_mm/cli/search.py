"""Search for clips that are like another one, in a gallery or inside a long recording.

    hico-mm search index CKPT --ann-file data/nwucla/nwucla.pkl --split xview_train --out gallery.npz
    hico-mm search query gallery.npz --like a01_s01_e00_v01                    a clip of the gallery
    hico-mm search query gallery.npz --like new.skeleton --html similar.html   a file; skeletons move on the page
    hico-mm search moments CKPT --in recording.txt --like new.skeleton         when does it happen?

Clips are compared by the cosine similarity of their features. The gallery knows its checkpoint, and refuses another
encoder. "hico-mm search ACTION --help" shows the arguments of an action.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Optional, Sequence

from ..structures import VECTOR_LEVELS
from .clips import FILES, add_clip_arguments, add_encoder_arguments, check_clip_arguments
from .command import command, command_parser, count


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('search', __doc__)
    actions = parser.add_subparsers(dest='action', metavar='ACTION', required=True)
    made = {name: add(actions) for name, add in dict(
        index=_add_index, query=_add_query, moments=_add_moments, add=_add_add, remove=_add_remove).items()}
    args = parser.parse_args(argv)
    _check(made[args.action], args)
    return args


def _add_index(actions: argparse._SubParsersAction) -> argparse.ArgumentParser:
    parser = actions.add_parser('index', allow_abbrev=False, help='encode the clips of an annotation into a gallery')
    parser.add_argument('checkpoint', help='checkpoint of any task')
    parser.add_argument('--ann-file', type=Path, required=True, help='annotation pickle')
    parser.add_argument('--split', help='split of the annotation; default: all clips')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.npz', help='gallery to write')
    parser.add_argument('--level', choices=VECTOR_LEVELS, default='instance',
                        help='level of the features; default: instance')
    add_encoder_arguments(parser)
    return parser


def _add_query(actions: argparse._SubParsersAction) -> argparse.ArgumentParser:
    parser = actions.add_parser('query', allow_abbrev=False, help='find the clips of a gallery that are like another')
    _add_gallery(parser)
    parser.add_argument('--like', nargs='+', required=True, metavar='CLIP',
                        help=f'names of clips of the gallery, or files: {FILES}')
    parser.add_argument('--topk', type=count, default=5, help='number of clips to find; default: 5')
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--html', type=Path, metavar='FILE', help='write a page on which the clips move')
    parser.add_argument('--faiss', metavar='INDEX', help='search a large gallery for many clips with this index of '
                        'faiss, for example HNSW32, which is built first; default: compare every clip')
    add_clip_arguments(parser)
    return parser


def _add_moments(actions: argparse._SubParsersAction) -> argparse.ArgumentParser:
    parser = actions.add_parser('moments', allow_abbrev=False,
                                help='find the moments of a long recording that are like a clip')
    parser.add_argument('checkpoint', help='checkpoint of any task')
    parser.add_argument('--in', dest='recording', required=True, metavar='RECORDING', help=f'the recording: {FILES}')
    parser.add_argument('--like', nargs='+', required=True, metavar='CLIP', help='the clip to look for, or several '
                        'performances of an action, given in the same way')
    parser.add_argument('--lengths', nargs='+', type=count, metavar='N', help='lengths of the sliding windows in '
                        'frames; default: 0.75, 1 and 1.25 times the mean length of the clips')
    parser.add_argument('--topk', type=count, default=10, help='largest number of moments; default: 10')
    parser.add_argument('--min-score', type=float, default=-1, help='smallest similarity of a moment; default: none')
    parser.add_argument('--overlap', type=float, default=.3, help='largest overlap of two moments, from 0 to below 1; '
                        'default: 0.3')
    parser.add_argument('--fps', type=float, help='frames per second of the recording; default: 30 for Kinect files')
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--level', choices=VECTOR_LEVELS, default='instance',
                        help='level of the features; default: instance')
    add_encoder_arguments(parser)
    add_clip_arguments(parser, 'use only these frames of each clip to look for')
    return parser


def _add_add(actions: argparse._SubParsersAction) -> argparse.ArgumentParser:
    parser = actions.add_parser('add', allow_abbrev=False, help='add clips to a gallery')
    _add_gallery(parser)
    parser.add_argument('files', nargs='*', metavar='FILE', help=FILES)
    parser.add_argument('--label', type=int, metavar='N', help='label of the files; default: none')
    parser.add_argument('--ann-file', type=Path, help='annotation pickle whose clips to add')
    parser.add_argument('--split', help='split of the annotation; default: all clips')
    add_clip_arguments(parser)
    return parser


def _add_remove(actions: argparse._SubParsersAction) -> argparse.ArgumentParser:
    parser = actions.add_parser('remove', allow_abbrev=False, help='remove clips from a gallery')
    parser.add_argument('gallery', type=Path, help='gallery of "hico-mm search index"')
    parser.add_argument('names', nargs='+', metavar='NAME', help='names of the clips')
    return parser


def _add_gallery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('gallery', type=Path, help='gallery of "hico-mm search index"')
    parser.add_argument('--checkpoint', help='the checkpoint of the gallery, if it has been moved')
    add_encoder_arguments(parser)


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuse arguments that contradict one another."""
    if args.action == 'index' and args.out.suffix != '.npz':
        parser.error(f'--out writes a NumPy archive, so {args.out} must end with .npz')
    if args.action == 'query' and args.faiss is not None and find_spec('faiss') is None:
        parser.error('--faiss needs faiss, which is not installed: pip install faiss-cpu')
    if args.action == 'query' and args.html is not None and args.html.suffix not in ('.html', '.htm'):
        parser.error(f'--html writes a page, so {args.html} must end with .html')
    if args.action == 'add':
        if bool(args.files) == (args.ann_file is not None):
            parser.error('give files or --ann-file')
        given = [option for option in ('label', 'frames', 'img_shape', 'axes', 'layout', 'format')
                 if getattr(args, option) is not None]
        given += ['import'] if args.imports else []
        if args.ann_file is not None and given:
            parser.error(f'--{given[0].replace("_", "-")} is for files, not for --ann-file: leave it out')
        if args.ann_file is None and args.split is not None:
            parser.error('--split belongs to --ann-file: leave it out')
    sources = dict(query='like', add='files').get(args.action)
    if sources:
        check_clip_arguments(parser, args, getattr(args, sources))
    elif args.action == 'moments':
        check_clip_arguments(parser, args, [args.recording, *args.like])


def run(args: argparse.Namespace) -> int:
    """Run the action, and return the exit status."""
    from . import run_search

    return getattr(run_search, args.action)(args)


main = command(parse_args, run)
