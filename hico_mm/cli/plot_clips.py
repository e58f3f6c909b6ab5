"""Draw clips of an annotation as rows of stick figures.

    hico-mm show data/demo/demo.pkl --layout ntu --out clips.png --clips S001C001P001R001A001
    hico-mm show data/mine/mine.pkl --config configs/hico/mine.py --numbers --out joints.png

The left side of a body is orange, the right side is blue; the second person is dashed.
The image format is given by the file name extension: .png, .pdf or .svg.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from ..errors import UserError
from ..structures import LAYOUTS
from .command import command, command_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('show', __doc__)
    parser.add_argument('file', type=Path, help='annotation pickle')
    skeleton = parser.add_mutually_exclusive_group()
    skeleton.add_argument('--layout', choices=sorted(LAYOUTS), default='ntu', help='skeleton layout; default: ntu')
    skeleton.add_argument('--config', help='config that defines the skeleton, for custom layouts')
    parser.add_argument('--numbers', action='store_true', help='number the joints, in the first frame of each clip')
    parser.add_argument('--out', type=Path, required=True, help='image to write')
    parser.add_argument('--clips', nargs='+', metavar='NAME',
                        help='clips to draw; default: the first of each class, up to ten')
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.png', '.pdf', '.svg'):
        parser.error(f'--out must end with .png, .pdf or .svg, and {args.out} does not')
    return args


def run(args: argparse.Namespace) -> int:
    """Draw the clips, and return the exit status."""
    from ..datasets.annotation import read_annotation
    from ..datasets.checks import clip_fault, clip_name, label_of
    from ..fileio import atomic_write, check_writable
    from ..visualization import plot_clips
    from ..wiring.requirements import requirements_of

    check_writable(args.out)
    layout = requirements_of(args.config)['layout'] if args.config else LAYOUTS[args.layout]
    if layout is None:
        raise UserError(f'config {args.config} has no dataset with a layout: give --layout')
    _, clips, _, classes = read_annotation(args.file)
    sound = {clip_name(clip): clip for clip in clips if not clip_fault(clip, layout)}
    first = {label_of(clip): name for name, clip in reversed(sound.items())}
    names = args.clips or [first[label] for label in sorted(first)[:10]]
    unknown = [name for name in names if name not in sound]
    if unknown or not names:
        which = f'valid clip {", ".join(unknown)}' if unknown else 'valid clip'
        raise UserError(f'{args.file} has no {which} of layout "{layout.name}": run hico-mm check on it')
    with atomic_write(args.out) as temporary:
        plot_clips([sound[name] for name in names], layout, classes=classes, numbers=args.numbers).savefig(
            temporary, dpi=120)
    print(f'{args.out}: {len(names)} clips')
    return 0


main = command(parse_args, run)
