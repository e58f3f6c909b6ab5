"""Write a report as a command line asks."""

import argparse
import importlib.util
import time
from pathlib import Path
from typing import List

from ..datasets.checks import are_names
from ..errors import UserError
from ..fileio import atomic_write, check_writable
from .collect import collect
from .render import render
from .runs import check_names, open_run


def write_report(args: argparse.Namespace) -> int:
    """Write the report of a command line and return the exit status."""
    began = time.monotonic()
    check_writable(args.out)
    if importlib.util.find_spec('sklearn') is None:
        raise UserError('the report needs scikit-learn for its map: pip install "hico_mm[report]"')
    names = args.names or [None] * len(args.work_dirs)
    runs = [open_run(place, name, args.device) for place, name in zip(args.work_dirs, names)]
    check_names(runs)
    classes = read_classes(args.classes) if args.classes else []
    data = collect(runs, args.max_clips, args.max_mb * 10**6, args.seed, print, classes)
    title = args.title or ', '.join(dict.fromkeys(page['name'] for page in data['runs']))
    with atomic_write(args.out) as temporary:
        temporary.write_text(render(data, title), encoding='utf-8')
    for page in data['runs']:
        for result in page['results']:
            if result['value'] is not None:
                print(f'{page["name"]}: {result["name"]} {100 * result["value"]:.2f} % of {result["total"]} test '
                      f'clips, 95 % interval {100 * result["low"]:.1f} to {100 * result["high"]:.1f} %')
    size = Path(args.out).stat().st_size / 1e6
    print(f'{args.out}: {size:.1f} MB, written in {time.monotonic() - began:.0f} s; open it in a browser')
    return 0


def read_classes(path: Path) -> List[str]:
    """Read the names of classes, one per line, in the order of the labels. Blank lines at the end do not count.

    Raises:
        UserError: if the file does not exist or is not such a list.
    """
    if not path.is_file():
        raise UserError(f'--classes {path} does not exist: give a text file with one class name per line')
    try:
        lines = [line.strip() for line in path.read_text(encoding='utf-8-sig').rstrip().splitlines()]
    except UnicodeDecodeError:
        lines = []
    if not lines or not are_names(lines):
        raise UserError(f'--classes {path} is not a list of names: give a text file with one class name per line')
    return lines
