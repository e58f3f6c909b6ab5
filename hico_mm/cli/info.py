"""Describe checkpoints and annotations.

    hico-mm info work_dirs/hico_gru_nwucla/epoch_451.pth
    hico-mm info data/nwucla/nwucla.pkl
    hico-mm info

Without a file, the environment is described; include this in bug reports.
"""

import argparse
from pathlib import Path
from typing import Iterator, Optional, Sequence

from ..registration import register_all
from ..shipped import CONFIGS, find_checkpoint
from .command import command, command_parser


def environment() -> Iterator[str]:
    """Yield the lines that describe the environment."""
    import torch
    from mmengine.utils.dl_utils import collect_env

    from ..checkpoints.environment import package_versions

    everything = collect_env()
    for name, version in package_versions().items():
        yield f'{name:10} {version}'
    yield f'processor  {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}'
    gpus = [f'{value} {name}' for name, value in everything.items() if name.startswith('GPU ')]
    yield f'GPUs       {", ".join(gpus) or "none"}'
    yield f'configs    {CONFIGS}'


def describe(path: str) -> None:
    """Print what a checkpoint is, and what its encoder costs."""
    register_all()
    from ..apis import print_checkpoint

    print_checkpoint(path)
    print('\n'.join(cost(path)))


def cost(path: str) -> Iterator[str]:
    """Yield the lines about what the encoder of a checkpoint costs; none if its model cannot be built here."""
    from ..apis import init_model
    from ..apis.cost import measure_cost
    from ..errors import UserError

    try:
        found = measure_cost(init_model(None, path))
    except (KeyError, UserError):  # a component that is not registered, or a checkpoint without a description
        return
    flops = '' if found.flops is None else f', {found.flops / 1e6:.0f} MFLOP for a clip'
    yield (f'encoder    {found.parameters:,} parameters{flops}, {found.clips_per_second:.0f} clips per second here; '
           f'file of {find_checkpoint(path).stat().st_size / 1e6:.1f} MB')


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('info', __doc__)
    parser.add_argument('files', nargs='*', metavar='FILE', help='checkpoints (.pth) and annotations (.pkl); default: '
                        'the environment')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Print the descriptions, and return the exit status."""
    from ..datasets.annotation import read_annotation
    from ..datasets.inspection import summary

    for path in args.files:
        if Path(path).suffix in ('.pkl', '.pickle'):
            print('\n'.join([path, *summary(read_annotation(Path(path)))]))
        else:
            describe(path)
    if not args.files:
        print('\n'.join(environment()))
    return 0


main = command(parse_args, run, models=False)
