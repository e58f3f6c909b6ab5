"""Show clips, their augmented views, or their streams.

    hico-mm show data/demo/demo.pkl --out clips.png
    hico-mm show data/nwucla/nwucla.pkl:a01_s01_e00_v01 --views --config hico_gru_nwucla --out views.gif
    hico-mm show recordings/ --streams --out streams.html
    hico-mm show clip.npy --axes CTVM --layout ntu --up z --out clip.mp4

A CLIP is an annotation pickle, one clip of it (FILE.pkl:NAME), a recording in any format that hico-mm convert reads, a
folder of such recordings, or a .npy, .npz or .csv array. The ending of --out says how they are shown: .png, .pdf and
.svg have frames side by side; .gif and .mp4 move; .html moves and can be turned, in one file that needs no network.

Each person has a colour, and the left side of a body is dashed.
"""

import argparse
from pathlib import Path
from typing import List, Optional, Sequence

from .clips import check_clip_arguments
from .command import command, command_parser, count, seed
from .convert_arguments import axes_argument, layout_argument

ENDINGS = ('.png', '.pdf', '.svg', '.gif', '.mp4', '.html')
UPS = ('x', 'y', 'z', '-x', '-y', '-z')


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('show', __doc__)
    parser.add_argument('sources', nargs='+', metavar='CLIP',
                        help='annotation, FILE.pkl:NAME, recording, folder or array')
    parser.add_argument('--out', type=Path, required=True,
                        help=f'file to write, which ends with {" or ".join(ENDINGS)}')
    parser.add_argument('--clips', nargs='+', metavar='NAME', help='names of clips of the annotation; default: the '
                        'first of each class')
    parser.add_argument('--most', type=count, metavar='N', help='most clips of an annotation or folder; '
                        'default: 10')
    parser.add_argument('--views', action='store_true', help='show the augmented views that pretraining with --config '
                        'makes')
    parser.add_argument('--streams', action='store_true', help='show the joint, bone and motion streams')
    parser.add_argument('--config', help='config that makes the views, or has the skeleton of an annotation')
    parser.add_argument('--seed', type=seed, help='seed of the augmentation; default: 0')
    parser.add_argument('--up', choices=UPS, help='axis that points up; default: the one along which bodies stand')
    parser.add_argument('--columns', type=count, help='frames side by side; default: 8')
    parser.add_argument('--numbers', action='store_true', help='number the joints, in the first frame of each clip')
    files = parser.add_argument_group('files')
    files.add_argument('--frames', nargs=2, type=count, metavar=('FIRST', 'LAST'),
                       help='use only these frames, counted from 1, both included')
    files.add_argument('--layout', type=layout_argument, metavar='NAME|JSON', help='skeleton, if the files do not say')
    files.add_argument('--axes', type=axes_argument, help='order of the axes of arrays by M (persons), T (frames), V '
                       '(joints) and C (coordinates), for example CTVM; default: MTVC, or TVC')
    files.add_argument('--format', metavar='NAME', help='format of recordings; default: guess')
    files.add_argument('--import', dest='imports', action='append', default=[], metavar='MODULE',
                       help='Python module that registers a reader of another format')
    words = _joined(argv)
    args = parser.parse_args(words)
    check(parser, args)
    args.words = words
    return args


def _joined(argv: Optional[Sequence[str]]) -> List[str]:
    """Join --up with its value, which may begin with a minus sign."""
    words = list(argv or ())
    places = [place for place, word in enumerate(words[:-1]) if word == '--up' and words[place + 1] in UPS]
    for place in reversed(places):
        words[place:place + 2] = [f'--up={words[place + 1]}']
    return words


def check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other, or would have no effect."""
    moving = args.out.suffix in ('.gif', '.mp4', '.html')
    if args.out.suffix not in ENDINGS:
        parser.error(f'--out must end with {" or ".join(ENDINGS)}, and {args.out} does not')
    if args.most is not None and args.clips:
        parser.error('--clips names what is shown, and --most is for what is not named: leave one of them out')
    args.most = args.most or 10
    if args.views and not args.config:
        parser.error('--views needs the config of the pretraining: give --config, such as hico_gru_nwucla')
    if args.seed is not None and not args.views:
        parser.error('--seed is for --views: add it, or leave --seed out')
    if args.config and args.layout and not args.views:
        parser.error('--config and --layout both name a skeleton: give only one of them')
    for option in ('columns', 'numbers'):
        if getattr(args, option) and moving:
            parser.error(f'--{option} is for .png, .pdf and .svg, and {args.out} moves: leave it out')
    if not any(Path(source).is_dir() for source in args.sources):
        check_clip_arguments(parser, args, args.sources)


def run(args: argparse.Namespace) -> int:
    """Show the clips, and return the exit status."""
    from .run_show import show

    return show(args)


main = command(parse_args, run)
