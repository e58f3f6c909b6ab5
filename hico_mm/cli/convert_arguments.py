"""The arguments of ``hico-mm convert``."""

import argparse
import json
from pathlib import Path
from typing import Dict, List, Sequence

import argcomplete

from ..converters.ntu_benchmarks import BENCHMARKS
from ..converters.registry import MOST_FPS
from ..errors import UserError
from ..structures import LAYOUTS, SkeletonLayout, get_layout
from .command import add_converter_arguments, count, seed

CHANNELS = ('xy', 'xyz', 'xys', 'xyzs')


def add_recording_arguments(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """Add all arguments but those of NTU RGB+D."""
    parser.add_argument('source', type=_source, help='folder with the files, at any depth, or a single file')
    known = parser.add_argument('--format', metavar='NAME', help='one of the formats above; default: guess')
    known.completer = argcomplete.ChoicesCompleter(formats)  # type: ignore[attr-defined]
    add_converter_arguments(parser, required=False)
    parser.add_argument('--import', dest='imports', action='append', default=[], metavar='MODULE',
                        help='Python module that registers a reader of another format')
    facts = parser.add_argument_group('labels and splits of your own recordings')
    facts.add_argument('--init', type=Path, metavar='CSV', help='write a manifest to fill in, and convert nothing')
    facts.add_argument('--manifest', type=_file, metavar='CSV', help='label, subject, camera and split of each file')
    facts.add_argument('--classes', type=_file, metavar='FILE', help='names of the classes in their order, one a line; '
                       'default: the labels, sorted')
    facts.add_argument('--no-labels', action='store_true', help='keep all clips without a label')
    facts.add_argument('--split', choices=['subject', 'camera', 'random'], help='divide the clips into train and val; '
                       'default: the splits of the manifest, or all clips in train')
    facts.add_argument('--test', nargs='+', default=[], metavar='NAME', help='subjects or cameras in val; default: '
                       'draw them')
    facts.add_argument('--test-ratio', type=_ratio, default=0.2, metavar='R', help='ratio of clips, subjects or '
                       'cameras drawn for val; default: 0.2')
    facts.add_argument('--seed', type=seed, default=0, help='seed for drawing; default: 0')
    _add_contents(parser.add_argument_group('contents of your own recordings'))
    videos = parser.add_argument_group('poses in videos (pip install "hico_mm[video]")')
    videos.add_argument('--pose', choices=['mediapipe'], help='find the poses in videos with this estimator')
    videos.add_argument('--model', type=_file, metavar='FILE.task', help='model of the Pose Landmarker, which finds as '
                        'many persons as --persons says; default: the model in the package, which finds one')
    videos.add_argument('--keep-poses', type=Path, metavar='DIR', help='folder for the poses that were found: a video '
                        'whose poses are there is not read again')


def _add_contents(group: argparse._ArgumentGroup) -> None:
    """Add the arguments about what the files contain."""
    group.add_argument('--layout', type=layout_argument, metavar='NAME|JSON', help='skeleton, if it is not that of the '
                       f'format: one of {", ".join(sorted(LAYOUTS))}, or a JSON file with name, parents, center, ...')
    group.add_argument('--axes', type=axes_argument, help='array: order of the axes, letters of M (persons), T '
                       '(frames), V (joints), C (coordinates), such as MTVC')
    group.add_argument('--channels', choices=CHANNELS, help='array: meaning of the last axis, s is a score; '
                       'default: xy, xyz or xyzs by its length')
    group.add_argument('--persons', type=count, default=2, metavar='N', help='persons to keep in a clip, those seen '
                       'most; default: 2')
    group.add_argument('--img-shape', type=count, nargs=2, metavar=('HEIGHT', 'WIDTH'), help='2-D: size of the '
                       'pictures in pixels')
    group.add_argument('--fps', type=_rate, help='frames per second, kept with each clip')
    group.add_argument('--resample-fps', type=_rate, metavar='N', help='resample all clips to N frames per second; '
                       'files that do not say their frame rate need --fps')
    group.add_argument('--scale', type=_positive, default=1.0, metavar='F', help='factor for all coordinates, such as '
                       '0.001 for millimetres; default: 1')
    group.add_argument('--upside-down', action='store_true', help='turn the clips upside down; left and right are kept')


def check_arguments(parser: argparse.ArgumentParser, args: argparse.Namespace, formats: Sequence[str]) -> None:
    """Refuse arguments that contradict each other, as mistakes of usage."""
    if args.format and args.format not in formats and not args.imports:
        parser.error(f'argument --format: {args.format} is not one of {", ".join(formats)}')
    args.img_shape = tuple(args.img_shape) if args.img_shape else None
    if (args.out is None) == (args.init is None):
        parser.error('give either --out FILE.pkl to convert, or --init MANIFEST.csv to write a manifest')
    if (args.missing or args.bodies != 'slot') and args.format not in BENCHMARKS:
        parser.error(f'--missing and --bodies only apply to the formats {" and ".join(BENCHMARKS)}: '
                     f'{"leave them out" if args.format else "name one of them with --format"}')
    if args.init and in_use(args):
        parser.error(f'--init only lists the files: leave out {in_use(args)[0]}')
    if args.split is None and (args.seed or args.test_ratio != 0.2):
        parser.error('--seed and --test-ratio only apply to --split: add it')
    if args.test and (args.seed or args.test_ratio != 0.2):
        parser.error('--test names what is in val, and --seed and --test-ratio draw it: leave one of them out')
    if args.no_labels and args.classes:
        parser.error('--classes names the labels, and --no-labels leaves them out: give only one of them')
    if args.pose is None and (args.model or args.keep_poses):
        parser.error('--model and --keep-poses only apply to videos: add --pose mediapipe')
    if args.test and args.split not in ('subject', 'camera'):
        parser.error('--test names subjects or cameras: add --split subject or --split camera')


def in_use(args: argparse.Namespace) -> List[str]:
    """Return the options that only apply to recordings of one's own and were given."""
    usual: Dict[str, object] = dict(
        manifest=None, classes=None, no_labels=False, split=None, test=[], test_ratio=0.2, seed=0, layout=None,
        axes=None, channels=None, persons=2, img_shape=None, fps=None, scale=1.0, upside_down=False,
        pose=None, model=None, keep_poses=None, resample_fps=None)
    return [f'--{name.replace("_", "-")}' for name, value in usual.items() if getattr(args, name) != value]


def _source(name: str) -> Path:
    if not Path(name).exists():
        raise argparse.ArgumentTypeError(f'{name} does not exist: give a file, or the folder with the files')
    return Path(name)


def _file(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f'{name} is not a file')
    return Path(name)


def layout_argument(name: str) -> SkeletonLayout:
    """Parse the name of a layout, or read one from a JSON file."""
    try:
        if not name.lower().endswith('.json'):
            return get_layout(name)
        content = json.loads(Path(name).read_text(encoding='utf-8-sig'))
        if not isinstance(content, dict):
            raise UserError('it must be an object with name, parents and center')
        return get_layout(content)
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise argparse.ArgumentTypeError(f'{name} cannot be used: {reason}') from None


def axes_argument(text: str) -> str:
    """Parse an order of axes."""
    axes, letters = text.upper(), set('TVC')
    if not letters <= set(axes) <= letters | {'M'} or len(set(axes)) != len(axes):
        raise argparse.ArgumentTypeError(f'{text} is not an order of axes: use each of T (frames), V (joints) and C '
                                         '(coordinates) once, and M (persons) if there is such an axis')
    return axes


def _ratio(text: str) -> float:
    number = _positive(text)
    if number >= 1:
        raise argparse.ArgumentTypeError(f'{text} is not a ratio between 0 and 1')
    return number


def _rate(text: str) -> float:
    number = _positive(text)
    if number >= MOST_FPS:
        raise argparse.ArgumentTypeError(f'{text} frames per second are not plausible: give less than {MOST_FPS}')
    return number


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is not a number above 0')
    return number
