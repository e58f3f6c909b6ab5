"""HiCo: self-supervised learning on skeleton clips, a plugin of MMAction2.

    hico-mm demo                                    pretrain and evaluate on synthetic data
    hico-mm train hico_gru_nwucla --seed 0          pretrain
    hico-mm COMMAND --help                          show the arguments of a command, with an example

A config is given as a file, or as the name of one that comes with the package.
"""

import importlib
import os
import sys
from typing import Dict, Optional, Sequence, Tuple

from ..version import __version__
from .command import command_parser

# Command: its module and a description.
COMMANDS: Dict[str, Tuple[str, str]] = {
    'demo': ('demo', 'pretrain and evaluate on synthetic data, or on NW-UCLA: the quickstart'),
    'convert': ('convert', 'convert the raw files of a dataset into an annotation pickle'),
    'check': ('check_annotations', 'summarize an annotation pickle and report what is wrong with it'),
    'show': ('show', 'draw clips, their augmented views or their streams, as pictures, animations or web pages'),
    'hold-out': ('hold_out', 'divide a training split, to choose settings without the test split'),
    'make-demo': ('make_demo', 'write the recordings of the synthetic data'),
    'train': ('train', 'pretrain, finetune, or train a classifier, as given by a config'),
    'test': ('test', 'test a checkpoint: classification or k-NN retrieval'),
    'infer': ('infer', 'classify single clips, or encode them'),
    'verify': ('verify', 'check the scores that a checkpoint states, by measuring them again'),
    'search': ('search', 'find similar clips, in a gallery or inside a long recording'),
    'extract': ('extract_features', 'write the features of a split, also for embedding-atlas and TensorBoard'),
    'export': ('export', 'export a checkpoint to ONNX, torch.export or safetensors'),
    'fuse': ('fuse_streams', 'fuse the predictions or features of streams'),
    'reproduce': ('reproduce', "run the paper's experiments and compare the results with its figures"),
    'report': ('report', 'write a web page to look at features, neighbours, errors and training curves'),
    'curves': ('plot_curves', 'plot training curves of pretraining runs'),
    'info': ('info', 'describe a checkpoint, an annotation or the environment'),
    'convert-checkpoint': ('official_checkpoint', "convert a checkpoint from or to the authors' format"),
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run a command and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if '_ARGCOMPLETE' in os.environ:
        words = os.environ['COMP_LINE'].split()
        if len(words) > 2 or words[1:] and os.environ['COMP_LINE'].endswith(' '):
            arguments = words[1:]
            os.environ['_ARGCOMPLETE'] = '2'  # the words before this one do not belong to the command
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
