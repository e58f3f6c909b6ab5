"""Measure again the scores that a pretrained checkpoint states.

    hico-mm verify hico-lstm-small
    hico-mm verify work_dirs/hico_lstm_nwucla_small/epoch_150.pth --ann-file data/nwucla/nwucla.pkl

The features of the training split serve as the gallery for k-NN (k = 1, cosine similarity), and a logistic regression
on them is tested on the features of the test split. The exit status is 1 if a score differs by more than half a point
from what is stated. If so, the program also says whether the training split is the one the checkpoint was trained on.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Optional, Sequence

from ..shipped import shipped_weights
from .command import command, command_parser

DEMO = Path('data/demo/demo.pkl')


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('verify', __doc__)
    parser.add_argument('checkpoint', help='checkpoint of pretraining, or the name of weights that come with the '
                        f'package: {", ".join(shipped_weights())}')
    parser.add_argument('--ann-file', type=Path, help='annotation pickle with both splits; weights that come with the '
                        f'package use {DEMO} by default, which is made in a temporary folder if it does not exist')
    parser.add_argument('--split', help='name of the test split; default: the name of the training split with "train" '
                        'replaced by "val"')
    parser.add_argument('--state', action='store_true', help='record the measured scores in the checkpoint, as those '
                        'that it states')
    parser.add_argument('--device', default='cpu', help='device of the encoder; default: cpu')
    args = parser.parse_args(argv)
    if args.ann_file is None and args.checkpoint not in shipped_weights():
        parser.error('--ann-file is needed: give the annotation with the training and the test split')
    return args


def run(args: argparse.Namespace) -> int:
    """Measure the scores, print them, and return the exit status."""
    from ..apis.verify import state, training_data_is_the_same, verify

    with tempfile.TemporaryDirectory() as folder:
        ann_file = find_data(args, Path(folder))
        rows = verify(args.checkpoint, ann_file, args.split, args.device)
        wrong = [row.score for row in rows if not row.agrees]
        same = bool(wrong) and training_data_is_the_same(args.checkpoint, ann_file)
    print(f'{args.checkpoint}\n{"score":8} {"stated":>9} {"measured":>9} {"standard error":>15}')
    for row in rows:
        stated = '-' if row.stated is None else f'{100 * row.stated:.1f} %'
        print(f'{row.score:8} {stated:>9} {f"{100 * row.measured:.1f} %":>9} {100 * row.error:15.1f}')
    if args.state:
        state(args.checkpoint, rows)
        print('recorded in the checkpoint')
        return 0
    if wrong:
        verb = 'differs' if len(wrong) == 1 else 'differ'
        print(f'{" and ".join(wrong)} {verb} by more than half a point, and the training split is ' + (
            'the one that the checkpoint was trained on: check the test split and the versions (hico-mm info)' if same
            else 'not the one that the checkpoint was trained on: use the annotation that it was trained on'))
    elif all(row.stated is None for row in rows):
        print('the checkpoint states none of these scores')
    else:
        print('the scores are as stated')
    return int(bool(wrong))


def find_data(args: argparse.Namespace, folder: Path) -> Path:
    """Return the annotation to use. The synthetic data is made in ``folder`` if it is needed and does not exist."""
    if args.ann_file is not None:
        return args.ann_file
    if DEMO.is_file():
        return DEMO
    from ..reproduction.data import make_demo

    make_demo(folder / 'demo.pkl')
    return folder / 'demo.pkl'


main = command(parse_args, run)
