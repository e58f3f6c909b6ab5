"""Convert raw files into MMAction2's skeleton annotation.

    hico-mm convert nturgb+d_skeletons --format ntu60 --missing LIST --out data/ntu60/ntu60.pkl
    hico-mm convert all_sqe --format nwucla --out data/nwucla/nwucla.pkl
    hico-mm convert poses --out data/mine/mine.pkl --split random
    hico-mm convert videos --pose mediapipe --keep-poses poses --out data/mine/mine.pkl --split random
    hico-mm convert poses --init manifest.csv
    hico-mm convert poses --manifest manifest.csv --out data/mine/mine.pkl --split subject --test s3 s7

Without --format, the format is guessed from the files, and a guess that is not unique is refused. In a folder
poses/CLASS/clip.json, the first folder is the class of a clip. A manifest is a CSV file with the columns file, label,
subject, camera and split; --init writes one to fill in. A file without a label is kept as an unlabelled clip. Files
that cannot be used are skipped and listed.

formats:
"""

import argparse
from typing import Optional, Sequence

from ..converters.formats import DATASETS, RECORDINGS, describe_formats
from ..converters.ntu_benchmarks import BENCHMARKS
from .command import add_ntu_arguments, command, command_parser
from .convert_arguments import add_recording_arguments, check_arguments, in_use


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('convert', f'{__doc__}{describe_formats()}')
    add_recording_arguments(parser, [*DATASETS, *RECORDINGS])
    add_ntu_arguments(parser)
    args = parser.parse_args(argv)
    check_arguments(parser, args, [*DATASETS, *RECORDINGS])
    return args


def run(args: argparse.Namespace) -> int:
    """Convert the files, or write a manifest, and return the exit status."""
    from ..converters.guess import guess_format
    from ..converters.registry import load_readers

    readers = load_readers(args.imports)
    name = args.format or ('video' if args.pose else None) or guess_format(
        args.source, readers, [path for path in (args.out, args.manifest) if path])
    if not args.format:
        print(f'format: {name}')
    return _convert_dataset(args, name) if name in DATASETS else _convert_recordings(args, readers, name)


def _convert_dataset(args: argparse.Namespace, name: str) -> int:
    """Convert a dataset that defines its own labels and splits."""
    from ..converters.convert import convert
    from ..converters.ntu import plan_ntu
    from ..converters.nwucla import plan_nwucla
    from ..converters.pku import plan_pku
    from ..errors import UserError

    if args.init or in_use(args):
        option = '--init' if args.init else in_use(args)[0]
        raise UserError(f'{option} does not apply to format {name}, whose labels and splits are given: leave it out, '
                        'or choose another --format')
    if not args.source.is_dir():
        raise UserError(f'{args.source} is not a folder: give the folder the dataset was unpacked to')
    if name in BENCHMARKS:
        conversion = plan_ntu(args.source, name, args.missing, args.bodies)
    elif name == 'nwucla':
        conversion = plan_nwucla(args.source)
    else:
        conversion = plan_pku(args.source, part=int(name[-1]))
    convert(conversion, args.out, args.workers, args.strict)
    return 0


def _convert_recordings(args: argparse.Namespace, readers: dict, name: str) -> int:
    """Convert recordings of a user, or write a manifest of them."""
    from ..converters.convert import convert
    from ..converters.items import find_items
    from ..converters.manifest import write_manifest
    from ..converters.mediapipe_pose import check_estimator
    from ..converters.own_splits import SplitRule
    from ..converters.recordings import Wishes, plan_recordings
    from ..converters.registry import ReadOptions
    from ..errors import UserError

    if name not in readers:
        raise UserError(f'there is no format "{name}": use one of {", ".join([*DATASETS, *readers])}')
    for option in 'axes', 'channels':
        if getattr(args, option) and name in RECORDINGS and name != 'array':
            raise UserError(f'--{option} does not apply to format {name}, whose files say it: leave it out')
    if args.pose and name != 'video':
        raise UserError(f'--pose finds poses in videos and does not apply to format {name}: leave one of them out')
    if args.init:
        items, faults, _ = find_items(args.source, readers[name], [args.init])
        if not items:
            raise UserError(f'no file of format {name} found in {args.source}: there is nothing to list')
        write_manifest(args.init, args.source, items)
        labelled = sum(item.facts.label is not None for item in items)
        print('\n'.join([*faults, f'{args.init}: {len(items)} clips, {labelled} with a label from their folder: fill '
                         'in the other columns, then convert with --manifest']))
        return 0
    options = ReadOptions(args.layout, args.axes, args.channels, args.persons, args.img_shape, args.fps, args.scale,
                          args.upside_down, args.model, args.keep_poses, args.resample_fps)
    if name == 'video':
        check_estimator(args.pose, args.model)
    rule = SplitRule(args.split, tuple(args.test), args.test_ratio, args.seed)
    wishes = Wishes(args.manifest, args.classes, not args.no_labels, rule, options)
    convert(plan_recordings(args.source, readers[name], wishes, args.out), args.out, args.workers, args.strict)
    return 0


main = command(parse_args, run, models=False)
