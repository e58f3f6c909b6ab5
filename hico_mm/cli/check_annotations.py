"""Summarize an annotation pickle and report what is wrong with it.

    hico-mm check data/mine/mine.pkl --layout ntu
    hico-mm check data/mine/mine.pkl --config configs/hico/mine.py

Errors must be fixed, and the exit status is then 1. Warnings are about things that are allowed but probably not
intended: units other than metres, labels that start at 1, joints that are zero in every clip. With --config, the
skeleton, labels, persons and splits are compared with the config.
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
    """Return the requirements of a config for an annotation, as arguments of ``inspect``."""
    config = load_config(name)
    datasets: Any = [dataset for _, dataset in skeleton_datasets(config)]
    layout = next((dataset.layout for dataset in datasets if dataset.get('layout') is not None), None)
    preprocessor, head = (config.get('model', {}).get(part) or {} for part in ('data_preprocessor', 'cls_head'))
    return dict(layout=None if layout is None else get_layout(layout), num_persons=preprocessor.get('num_persons'),
                num_classes=head.get('num_classes'),
                splits={dataset.split for dataset in datasets if dataset.get('split') is not None})


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the check and return the exit status."""
    parser = command_parser('check', __doc__)
    parser.add_argument('file', type=Path, help='annotation pickle')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--layout', choices=sorted(LAYOUTS), help='required skeleton')
    which.add_argument('--config', help='config it must fit: a file, or the name of one that comes with hico_mm')
    args = parser.parse_args(argv)
    wanted = wanted_by(args.config) if args.config else dict(layout=LAYOUTS.get(args.layout))
    annotation = read_annotation(args.file)
    print('\n'.join([str(args.file), *summary(annotation)]))
    findings = inspect(annotation, **wanted)
    for finding in findings:
        print(finding)
    errors = sum(finding.is_error for finding in findings)
    print(f'errors: {errors}, warnings: {len(findings) - errors}' if findings else 'no problems found')
    return int(errors > 0)
