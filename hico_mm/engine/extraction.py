"""Write features as a command line asks."""

import argparse

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed

from ..apis import init_model
from ..checkpoints import SLOTS, EncoderSource, take_encoder_into
from ..datasets.checks import UNLABELLED
from ..errors import UserError
from ..evaluation import encode
from ..evaluation.feature_files import check_features, write_features
from ..shipped import find_config
from ..wiring import check_parts, check_spelling, complete_config, load_config
from .half_precision import half_precision
from .loaders import leaf_datasets, sequential


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


def extract_features(args: argparse.Namespace) -> int:
    """Run the extraction of a command line and return the exit status."""
    check_features(args.out)
    config = make_config(args)
    init_default_scope(config.get('default_scope', 'mmaction'))
    checkpoint = None if find_config(args.checkpoint).suffix == '.py' else args.checkpoint
    set_random_seed(args.seed)
    model = init_model(config, checkpoint, args.device)
    loader = Runner.build_dataloader(sequential(config.test_dataloader), seed=0)
    with half_precision(args.amp, torch.device(args.device)):
        clips = encode(model, loader, args.level)
    names = [sample.metainfo.get('frame_dir', '') for sample in clips.samples]
    classes = next((dataset.class_names for dataset in leaf_datasets(loader.dataset)
                    if getattr(dataset, 'class_names', None)), None)
    how = write_features(args.out, clips.features.float().numpy(), clips.labels.numpy(), names, classes)
    print(f'{args.out}: {len(names)} clips of {args.split}, {args.level} features '
          f'{tuple(clips.features.shape[1:])}')
    bare = int((clips.labels == UNLABELLED).sum())
    if bare:
        print(f'  {bare} of them have no label; their label in the file is {UNLABELLED}')
    print(f'next: {how}')
    return 0
