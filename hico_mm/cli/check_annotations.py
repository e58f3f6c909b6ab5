"""Summarize an annotation pickle and report what is wrong with it.

    hico-mm check data/mine/mine.pkl --layout ntu
    hico-mm check data/mine/mine.pkl --config configs/hico/mine.py

Errors must be fixed, and the exit status is then 1. Warnings are about things that are allowed but probably not
intended: units other than metres, labels that start at 1, joints that are zero in every clip. With --config, the
skeleton, labels, persons and splits are compared with the config.
"""

import argparse
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

from ..registration import register_all
from ..structures import LAYOUTS
from .command import command, command_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('check', __doc__)
    parser.add_argument('file', type=Path, help='annotation pickle')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--layout', choices=sorted(LAYOUTS), help='required skeleton')
    which.add_argument('--config', help='config it must fit: a file, or the name of one that comes with hico_mm')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Check the annotation, and return the exit status."""
    from ..datasets.annotation import read_annotation
    from ..datasets.inspection import inspect, summary

    wanted = _requirements_of(args.config) if args.config else dict(layout=LAYOUTS.get(args.layout))
    annotation = read_annotation(args.file)
    print('\n'.join([str(args.file), *summary(annotation)]))
    findings = inspect(annotation, **wanted)
    for finding in findings:
        print(finding)
    errors = sum(finding.is_error for finding in findings)
    print(f'errors: {errors}, warnings: {len(findings) - errors}' if findings else 'no problems found')
    return int(errors > 0)


def _requirements_of(config: str) -> Dict[str, Any]:
    register_all()
    from ..wiring.requirements import requirements_of

    return requirements_of(config)


main = command(parse_args, run, models=False)
