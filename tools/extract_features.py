"""Write the features of a split to a NumPy file.

    python tools/extract_features.py configs/hico/knn/hico_gru_ntu60_knn.py CKPT --split xsub_val --out val.npz

The file has ``feature`` (n, D), ``label`` (n,) and ``name`` (n,), in the order of the split.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hico_mm.apis import init_model
from hico_mm.engine.loaders import ordered
from hico_mm.evaluation import encode
from hico_mm.structures import LEVELS
from hico_mm.utils import atomic_write


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint of any task, if the config is one of linear evaluation or k-NN')
    parser.add_argument('--split', required=True, help='name of the split in the annotation')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.npz')
    parser.add_argument('--level', choices=LEVELS, default='instance', help='default: instance, the representation')
    parser.add_argument('--device', default='cpu', help='default: cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value pairs to change in the config')
    args = parser.parse_args()
    if args.out.suffix != '.npz':
        parser.error(f'--out writes a NumPy archive, so {args.out} must end with .npz')
    return args


def main() -> int:
    """Extract; returns the exit status."""
    args = parse_args()
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options or {})
    config.test_dataloader.dataset.split = args.split
    config.model.cls_head = None  # so that a checkpoint of any task will do
    init_default_scope(config.get('default_scope', 'mmaction'))
    try:
        model = init_model(config, args.checkpoint, args.device)
        loader = Runner.build_dataloader(ordered(config.test_dataloader), seed=0)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    clips = encode(model, loader, args.level)
    names = [sample.metainfo.get('frame_dir', '') for sample in clips.samples]
    with atomic_write(args.out) as temporary:
        np.savez(temporary, feature=clips.features.float().numpy(), label=clips.labels.numpy(), name=np.array(names))
    print(f'{args.out}: {len(names)} clips of {args.split}, {args.level} features '
          f'{tuple(clips.features.shape[1:])}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
