"""Run the paper's experiments for an encoder and a dataset, and compare the results with the paper's figures.

    hico-mm reproduce --encoder gru --dataset nwucla
    hico-mm reproduce --encoder gru --dataset nwucla --epochs 20 --seeds 0 1 2 --streams joint bone motion
    hico-mm reproduce --encoder lstm --dataset demo demo-xview --jobs 2

Missing encoders are pretrained, then evaluated. OUT/DATASET/ENCODER/VARIANT/STREAM/seedN/TASK contains the log, the
checkpoints and ``result.json`` of each step; OUT/DATASET/ENCODER/results.md and results.json contain the table. If it
is interrupted, or run again with more tasks, it continues where it stopped. Tasks:

  raw        linear evaluation and k-NN of raw        finetune   finetuned on all labels
             coordinates                              scratch    trained on all labels from scratch
  untrained  the same of the untrained encoder        scratch1   on 1 % of each class from scratch
  linear     linear evaluation, last epoch            scratch10  the same on 10 %
  knn        retrieval, k=1                           transfer   from ntu60 or pku1, finetuned on pku2
  semi1      finetuned on 1 % of each class           fusion     of the streams: linear scores; the field's weights,
  semi10     the same on 10 %                                    and weights searched on the training split
  ablations  the paper's tables 3 and 4, figure 4, and the released queue; linear and knn

raw, untrained and scratch are the baselines. They need no pretraining.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from ..errors import UserError
from ..reproduction.plan import inapplicable_tasks
from ..reproduction.protocols import ENCODERS, PROTOCOLS, TASKS
from ..structures import STREAMS, split_streams
from .command import command, command_parser, count, folder, seed


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('reproduce', __doc__)
    parser.add_argument('--encoder', choices=ENCODERS, required=True, help='sequence encoder')
    parser.add_argument('--dataset', nargs='+', choices=PROTOCOLS, required=True, help='one or more datasets')
    parser.add_argument('--tasks', nargs='+', choices=TASKS, help='tasks to run; default: all that apply')
    parser.add_argument('--streams', nargs='+', type=stream, default=[], metavar='STREAM', help='streams, each with an '
                        f'encoder of its own: {", ".join(STREAMS)}, or a combination such as joint+motion; default: '
                        'that of the pretraining config')
    parser.add_argument('--seeds', nargs='+', type=seed, default=[0], metavar='N', help='pretraining seeds; default: 0')
    parser.add_argument('--draws', type=count, default=5, metavar='N', help='labelled subsets per seed; default: 5')
    parser.add_argument('--epochs', type=count, help='epochs of pretraining; the schedule is rescaled to match; '
                        "default: the config's")
    parser.add_argument('--jobs', type=count, default=1, metavar='N',
                        help='number of steps to run in parallel; they share the cores')
    parser.add_argument('--raw', type=folder, metavar='DIR',
                        help='folder with the JSON clips of NW-UCLA, converted if the annotation does not exist')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/reproduce'),
                        help='output folder; default: work_dirs/reproduce')
    parser.add_argument('--plan', action='store_true', help='print the commands that would run, and run nothing; '
                        'some name the configs untrained.py and raw_coordinates.py, which only a real run writes')
    parser.add_argument('--cfg-options', nargs='+', action='extend', default=[], metavar='KEY=VALUE',
                        help='options for every command; options of model.* only apply to pretraining, since all other '
                        'tasks take the encoder from the checkpoint')
    args = parser.parse_args(argv)
    _check_options(parser, args.cfg_options)
    if args.raw is not None and not any(name.startswith('nwucla') for name in args.dataset):
        parser.error('--raw is the folder with the files of NW-UCLA, and none of the datasets is that: leave it out')
    args.out, args.seeds = args.out.resolve(), sorted(set(args.seeds))
    args.streams = sorted(set(args.streams), key=lambda name: [STREAMS.index(part) for part in split_streams(name)])
    inapplicable = inapplicable_tasks(args.dataset, args.streams)
    for task in args.tasks or ():
        if task in inapplicable:
            parser.error(f'{task} {inapplicable[task]}')
    args.tasks = args.tasks or [task for task in TASKS if task not in inapplicable]
    return args


def _check_options(parser: argparse.ArgumentParser, pairs: Sequence[str]) -> None:
    for pair in pairs:
        if '=' not in pair:
            parser.error(f'--cfg-options takes KEY=VALUE pairs, got {pair!r}')
        if pair.startswith('train_cfg.max_epochs='):
            parser.error('train_cfg.max_epochs would apply to every task: give --epochs for the length of pretraining')


def stream(text: str) -> str:
    """Check the name of a stream, for argparse."""
    try:
        split_streams(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def run(args: argparse.Namespace) -> int:
    """Run the experiments, and return the exit status."""
    from ..reproduction.reproduce import reproduce

    return reproduce(args)


main = command(parse_args, run)
