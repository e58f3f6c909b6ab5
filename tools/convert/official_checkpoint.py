"""Convert a pretraining checkpoint of the authors' released code into one of hico_mm.

    python tools/convert/official_checkpoint.py SRC.pth.tar DST.pth

Encoder and sizes are read off the weights. What weights cannot tell is an option.
"""

import argparse
import re
import sys
from typing import Dict, List

from mmengine.config import Config
from torch import Tensor, tensor

from hico_mm.apis import init_model
from hico_mm.structures import LAYOUTS, get_layout
from hico_mm.utils.checkpoint import META_KEY, check_fit, config_to_json, load_checkpoint, save_checkpoint, weights_of

BRANCHES = dict(t='temporal', s='spatial')
QUEUES = dict(c='clip', p='part', t='temporal', s='spatial', i='instance')
PROJECTORS = dict(clip='clip', part='part', td='temporal', sd='spatial', instance='instance')
# Patterns of released names; {0} is replaced by the branch or level that the group stands for.
RULES = [
    (r'hi_encoder\.([ts])_embedding\.', BRANCHES, 'backbone.embeddings.{0}.'),
    (r'hi_encoder\.([ts])_downsample\.conv\.dw_conv\.', BRANCHES, 'neck.pyramids.{0}.udm.conv.'),
    (r'hi_encoder\.([ts])_downsample\.norm\.', BRANCHES, 'neck.pyramids.{0}.udm.norm.'),
    (r'hi_encoder\.([ts])_encoder\.(?=layers)', BRANCHES, 'neck.pyramids.{0}.encoder.transformer.'),
    (r'hi_encoder\.([ts])_encoder\.(?=weight|bias)', BRANCHES, 'neck.pyramids.{0}.encoder.rnn.'),
    (r'(clip|part|td|sd|instance)_proj\.', PROJECTORS, 'projector.mlps.{0}.'),
]


def convert_name(name: str) -> str:
    """The name of a released weight in hico_mm.

    Raises:
        ValueError: if it is no weight of the released code.
    """
    queue = re.fullmatch(r'([cptsi])_queue(_ptr)?', name)
    if queue:
        return f'head.queues.{QUEUES[queue[1]]}.{"pointer" if queue[2] else "features"}'
    for pattern, names, ours in RULES:
        part = re.match(r'encoder_([qk])\.' + pattern, name)
        if part:
            prefix = '' if part[1] == 'q' else 'key_encoder.module.'
            return prefix + ours.format(names[part[2]]) + name[part.end():]
    raise ValueError(f'{name} is no weight of a HiCo pretraining checkpoint')


def convert_weights(released: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Released weights -> ours: queues are (K, D) here, and the key encoder no longer starts as a copy of the query."""
    ours = {'key_encoder.steps': tensor(1)}
    for name, weight in released.items():
        if name.endswith('_queue'):
            weight = weight.t().contiguous()
        ours[convert_name(name)] = weight.reshape(()) if name.endswith('_ptr') else weight
    return ours


def infer_encoder(weights: Dict[str, Tensor], num_heads: int) -> dict:
    """The encoder's config from its weights.

    Raises:
        ValueError: if it is none of GRU, LSTM and Transformer.
    """
    prefix = 'neck.pyramids.temporal.encoder.'
    recurrent, attention = prefix + 'rnn.weight_hh_l0', prefix + 'transformer.layers.0.linear1.weight'
    if attention in weights:
        layers = {name.split('.')[6] for name in weights if name.startswith(prefix + 'transformer.layers.')}
        return dict(type='TransformerEncoder', num_layers=len(layers), num_heads=num_heads,
                    feedforward_channels=len(weights[attention]))
    if recurrent in weights:
        gates, width = weights[recurrent].shape
        layers = {name for name in weights if re.fullmatch(re.escape(prefix) + r'rnn\.weight_hh_l\d+', name)}
        return dict(type={3: 'GRUEncoder', 4: 'LSTMEncoder'}[gates // width], num_layers=len(layers))
    raise ValueError('its encoder is neither GRU nor LSTM nor Transformer')


def infer_model(weights: Dict[str, Tensor], layout: str, num_persons: int, num_heads: int) -> dict:
    """The config of the model from its converted weights.

    Raises:
        KeyError: if a weight is absent.
        ValueError: if the skeleton does not fit the weights.
    """
    channels, token = weights['backbone.embeddings.temporal.0.weight'].shape
    joints = get_layout(layout).num_joints
    if token != num_persons * joints * 3:
        raise ValueError(f'its frames have {token // 3} joints in all, not {num_persons} x {joints}: set --layout and '
                         '--num-persons')
    clip_len = weights['backbone.embeddings.spatial.0.weight'].shape[1] // 3
    granularities = weights['projector.mlps.temporal.0.weight'].shape[1] // channels
    hidden, _ = weights['projector.mlps.clip.0.weight'].shape
    length, dim = weights['head.queues.instance.features'].shape
    pyramid = dict(channels=channels, num_granularities=granularities)
    return dict(
        type='HiCo',
        backbone=dict(type='HiCoBackbone', layout=layout, num_persons=num_persons, clip_len=clip_len,
                      channels=channels),
        neck=dict(type='UDMNeck', encoder=infer_encoder(weights, num_heads), **pyramid),
        projector=dict(type='HierarchicalProjector', in_channels=channels, hidden_channels=hidden, out_channels=dim,
                       num_granularities=granularities),
        head=dict(type='HierarchicalContrastHead', dim=dim, queue_length=length, num_granularities=granularities),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', layout=layout, num_persons=num_persons,
                               test_views=[[dict(type='CenterCropResize', clip_len=clip_len)]]))


def convert(released: dict, layout: str, num_persons: int, num_heads: int, source: str) -> dict:
    """A released checkpoint -> one of ours, checked against a model that is built from its config.

    Raises:
        ValueError: if it is no pretraining checkpoint of the released code.
    """
    try:
        weights = convert_weights(weights_of(released))
        model = infer_model(weights, layout, num_persons, num_heads)
    except (KeyError, ValueError) as error:
        reason = f'{error} is absent' if isinstance(error, KeyError) else error
        raise ValueError(f'{source} is no HiCo pretraining checkpoint that can be converted: {reason}') from error
    state = init_model(Config(dict(model=model))).state_dict()
    check_fit(state, weights, source, 'HiCo')
    surplus = sorted(set(weights) - set(state))
    if surplus:
        raise ValueError(f'{source} has weights that no HiCo model of these sizes has: {surplus[:3]}')
    once = [dict(type='NormalizeSkeleton')]  # the released code's own
    return dict(state_dict=weights, meta={META_KEY: config_to_json(model, once), 'epoch': released.get('epoch')})


def main(argv: 'List[str] | None' = None) -> int:
    """Convert; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', metavar='SRC.pth.tar')
    parser.add_argument('dst', metavar='DST.pth')
    parser.add_argument('--layout', default='ntu', choices=sorted(LAYOUTS), help='skeleton layout (default: ntu)')
    parser.add_argument('--num-persons', type=int, default=2, help='persons of a clip (default: 2)')
    parser.add_argument('--num-heads', type=int, default=4, help='attention heads of a Transformer (default: 4)')
    args = parser.parse_args(argv)
    try:
        checkpoint = convert(load_checkpoint(args.src), args.layout, args.num_persons, args.num_heads, args.src)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    save_checkpoint(checkpoint, args.dst)
    print(f'{args.dst}: {checkpoint["meta"][META_KEY]}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
