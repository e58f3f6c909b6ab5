"""Say what an annotation pickle holds, and what is wrong with it.

    hico-mm check data/mine/mine.pkl --layout ntu
    hico-mm check data/mine/mine.pkl --config configs/hico/mine.py

An error must be mended, and gives exit status 1. A warning is about what is legal but probably not meant: other units
than metres, labels that begin with 1, joints that are zero in every clip. With --config, the skeleton, the labels, the
persons and the splits are compared with those of the config.
"""

from pathlib import Path
from typing import Any, Dict, Optional, Sequence

from ..checkpoints.encoder import skeleton_datasets
from ..datasets.annotation import read_annotation
from ..datasets.inspection import inspect, summary
from ..structures import LAYOUTS, get_layout
from .command import command_parser, one_line_errors
from .config import load_config


def wanted_by(name: str) -> Dict[str, Any]:
    """What a config wants of an annotation: the arguments of ``inspect``."""
    config = load_config(name)
    datasets: Any = [dataset for _, dataset in skeleton_datasets(config)]
    layout = next((dataset.layout for dataset in datasets if dataset.get('layout') is not None), None)
    preprocessor, head = (config.get('model', {}).get(part) or {} for part in ('data_preprocessor', 'cls_head'))
    return dict(layout=None if layout is None else get_layout(layout), num_persons=preprocessor.get('num_persons'),
                num_classes=head.get('num_classes'),
                splits={dataset.split for dataset in datasets if dataset.get('split') is not None})


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Check; returns the exit status."""
    parser = command_parser('check', __doc__)
    parser.add_argument('file', type=Path, help='annotation pickle')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--layout', choices=sorted(LAYOUTS), help='the skeleton it must have')
    which.add_argument('--config', help='the config it must fit: a file, or the name of one that comes with hico_mm')
    args = parser.parse_args(argv)
    wanted = wanted_by(args.config) if args.config else dict(layout=LAYOUTS.get(args.layout))
    annotation = read_annotation(args.file)
    print('\n'.join([str(args.file), *summary(annotation)]))
    findings = inspect(annotation, **wanted)
    for finding in findings:
        print(finding)
    errors = sum(finding.is_error for finding in findings)
    print(f'errors: {errors}, warnings: {len(findings) - errors}' if findings else 'nothing is wrong')
    return int(errors > 0)
