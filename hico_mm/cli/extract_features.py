"""Write the features of a split to a NumPy file.

    hico-mm extract configs/hico/knn/hico_ntu60_knn.py CKPT --split xsub_val --out val.npz

The config defines the data; the encoder comes from the checkpoint. The file contains ``feature`` (n, D), ``label`` (n,)
and ``name`` (n,), in the order of the split. Clips without a label get the label -1.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed

from ..apis import init_model
from ..checkpoints import SLOTS, EncoderSource, take_encoder_into
from ..datasets.checks import UNLABELLED
from ..engine.loaders import sequential
from ..errors import UserError
from ..evaluation import encode
from ..fileio import atomic_write, check_writable
from ..shipped import find_config
from ..structures import LEVELS
from ..wiring import check_spelling, complete_config
from .command import command_parser, one_line_errors, seed
from .config import add_config, add_config_arguments, check_parts, load_config


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('extract', __doc__)
    add_config(parser, ' of the data')
    parser.add_argument('checkpoint', help='checkpoint of any task, or a pretraining config (.py) to use its '
                        'untrained encoder')
    parser.add_argument('--split', required=True, help='name of the split in the annotation')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.npz')
    parser.add_argument('--level', choices=LEVELS, default='instance',
                        help='level of the features; default: instance, the representation')
    parser.add_argument('--device', default='cpu', help='device; default: cpu')
    parser.add_argument('--seed', type=seed, default=0, help='seed of an untrained encoder; default: 0')
    add_config_arguments(parser)
    args = parser.parse_args(argv)
    if args.out.suffix != '.npz':
        parser.error(f'--out writes a NumPy archive, so {args.out} must end with .npz')
    return args


def make_config(args: argparse.Namespace) -> Config:
    """Return the completed config, without a head, so that a checkpoint of any task can be used."""
    config = load_config(args.config, args.fragments, args.cfg_options)
    check_parts(config, args.config, 'model', 'test_dataloader')
    if any(option.startswith('model.cls_head') for option in args.cfg_options):
        raise UserError('features are taken before the head, so options of model.cls_head have no effect: choose the '
                        'level with --level')
    config.test_dataloader.dataset.split = args.split
    encoder = {slot: config.model[slot] for slot in SLOTS if config.model.get(slot) is not None}
    config.model = dict(type='SkeletonRecognizer', **encoder)
    take_encoder_into(config, EncoderSource.open(args.checkpoint))
    complete_config(config)
    check_spelling(config, args.config)
    return config


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the extraction and return the exit status."""
    args = parse_args(argv)
    check_writable(args.out)
    config = make_config(args)
    init_default_scope(config.get('default_scope', 'mmaction'))
    checkpoint = None if find_config(args.checkpoint).suffix == '.py' else args.checkpoint
    set_random_seed(args.seed)
    model = init_model(config, checkpoint, args.device)
    clips = encode(model, Runner.build_dataloader(sequential(config.test_dataloader), seed=0), args.level)
    names = [sample.metainfo.get('frame_dir', '') for sample in clips.samples]
    with atomic_write(args.out) as temporary:
        np.savez(temporary, feature=clips.features.float().numpy(), label=clips.labels.numpy(), name=np.array(names))
    print(f'{args.out}: {len(names)} clips of {args.split}, {args.level} features '
          f'{tuple(clips.features.shape[1:])}')
    bare = int((clips.labels == UNLABELLED).sum())
    if bare:
        print(f'  {bare} of them have no label; their label in the file is {UNLABELLED}')
    return 0
