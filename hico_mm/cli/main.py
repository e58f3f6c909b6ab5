"""HiCo: self-supervised learning on skeleton clips, a plugin of MMAction2.

    hico-mm demo                                    pretrain and evaluate on synthetic data
    hico-mm train hico_gru_nwucla --seed 0          pretrain
    hico-mm COMMAND --help                          what a command takes, with an example

Configs are named by their file, or by the name of one that comes with the package.
"""

import importlib
import os
import sys
from typing import Dict, Optional, Sequence, Tuple

from ..version import __version__
from .command import command_parser

# Command: its module, and what it does.
COMMANDS: Dict[str, Tuple[str, str]] = {
    'demo': ('demo', 'pretrain and evaluate on synthetic data, or on NW-UCLA: the quickstart'),
    'convert': ('convert', 'raw files of a dataset -> annotation pickle'),
    'check': ('check_annotations', 'say what an annotation pickle holds, and what is wrong with it'),
    'show': ('plot_clips', 'draw clips of an annotation'),
    'hold-out': ('hold_out', 'divide a training split, to choose settings without the test split'),
    'make-demo': ('make_demo', 'write the recordings of the synthetic data'),
    'train': ('train', 'pretrain, finetune, or train a classifier, by a config'),
    'test': ('test', 'test a checkpoint: classification or k-NN retrieval'),
    'extract': ('extract_features', 'write the features of a split to a NumPy file'),
    'fuse': ('fuse_streams', 'fuse the predictions or features of streams'),
    'reproduce': ('reproduce', "run the paper's experiments, and tabulate them beside its figures"),
    'curves': ('plot_curves', 'draw the curves of pretrainings'),
    'info': ('info', 'say what a checkpoint, an annotation or the environment is'),
    'convert-checkpoint': ('official_checkpoint', "convert a checkpoint from or to the authors' form"),
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run a command; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if '_ARGCOMPLETE' in os.environ:
        words = os.environ['COMP_LINE'].split()
        if len(words) > 2 or words[1:] and os.environ['COMP_LINE'].endswith(' '):
            arguments = words[1:]
            os.environ['_ARGCOMPLETE'] = '2'  # words before this one are not the command's
    if arguments and arguments[0] in COMMANDS:
        return importlib.import_module(f'.{COMMANDS[arguments[0]][0]}', __package__).main(arguments[1:])
    parser = command_parser('', __doc__)
    parser.prog, width = 'hico-mm', max(map(len, COMMANDS))
    parser.epilog = 'commands:\n' + '\n'.join(f'  {name:{width}}  {what}' for name, (_, what) in COMMANDS.items())
    parser.add_argument('--version', action='version', version=f'hico_mm {__version__}')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help='one of the commands below')
    if not arguments and '_ARGCOMPLETE' not in os.environ:
        parser.print_help()
        return 2
    parser.parse_args(arguments[:1])
    return 0
