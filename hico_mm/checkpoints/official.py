"""Convert checkpoints of the authors' released code to ours and back.

The encoder and its sizes are inferred from the weights. Whatever the weights do not determine is an argument.
"""

import re
from typing import Any, Dict

import torch
from mmaction.registry import MODELS
from torch import Tensor, tensor

from ..errors import UserError
from ..structures import get_layout
from ..wiring import complete_model
from .description import META_KEY, describe, describe_model
from .environment import git_state, package_versions
from .file import check_fit, weights_of

BRANCHES = dict(t='temporal', s='spatial')
QUEUES = dict(c='clip', p='part', t='temporal', s='spatial', i='instance')
PROJECTORS = dict(clip='clip', part='part', td='temporal', sd='spatial', instance='instance')
# Prefixes of weight names within an encoder: released, ours.
PARTS = [
    (theirs.format(short), ours.format(branch)) for short, branch in BRANCHES.items() for theirs, ours in (
        ('hi_encoder.{}_embedding.', 'backbone.embeddings.{}.'),
        ('hi_encoder.{}_downsample.conv.dw_conv.', 'neck.pyramids.{}.udm.conv.'),
        ('hi_encoder.{}_downsample.norm.', 'neck.pyramids.{}.udm.norm.'),
        ('hi_encoder.{}_encoder.layers.', 'neck.pyramids.{}.encoder.transformer.layers.'),
        ('hi_encoder.{}_encoder.weight_', 'neck.pyramids.{}.encoder.rnn.weight_'),
        ('hi_encoder.{}_encoder.bias_', 'neck.pyramids.{}.encoder.rnn.bias_'))
] + [(f'{theirs}_proj.', f'projector.mlps.{ours}.') for theirs, ours in PROJECTORS.items()]
BEGINNINGS = [(f'{theirs}.{part[0]}', f'{ours}{part[1]}')
              for theirs, ours in (('encoder_q', ''), ('encoder_k', 'key_encoder.module.')) for part in PARTS]
BUFFERS = {f'{theirs}_queue{end}': f'head.queues.{ours}.{name}'
           for theirs, ours in QUEUES.items() for end, name in (('', 'features'), ('_ptr', 'pointer'))}
STEPS = 'key_encoder.steps'
GATES = {3: 'GRUEncoder', 4: 'LSTMEncoder'}


def rename(name: str, to_official: bool = False) -> str:
    """Translate the name of a weight.

    Raises:
        UserError: if such a checkpoint has no weight with that name.
    """
    buffers = {ours: theirs for theirs, ours in BUFFERS.items()} if to_official else BUFFERS
    if name in buffers:
        return buffers[name]
    for pair in BEGINNINGS:
        old, new = reversed(pair) if to_official else pair
        if name.startswith(old):
            return new + name[len(old):]
    raise UserError(f'{name} is not a weight of a HiCo pretraining checkpoint')


def convert_weights(released: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert released weights to ours: queues become (K, D), and the key encoder is marked as already started."""
    ours = {STEPS: tensor(1)}
    for name, weight in released.items():
        if name.endswith('_queue'):
            weight = weight.t().contiguous()
        ours[rename(name)] = weight.reshape(()) if name.endswith('_ptr') else weight
    return ours


def released_weights(ours: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert our weights to released ones. A pointer beyond K, which released code never has, is reset to 0."""
    length = len(ours['head.queues.instance.features'])
    released = {}
    for name, weight in ours.items():
        if name.endswith('.features'):
            weight = weight.t().contiguous()
        elif name.endswith('.pointer'):
            weight = weight.reshape(1) * (weight < length)
        if name != STEPS:
            released[rename(name, to_official=True)] = weight
    return released


def infer_encoder(weights: Dict[str, Tensor], num_heads: int) -> dict:
    """Infer the encoder's config from its weights.

    Raises:
        UserError: if it is not a GRU, LSTM or Transformer.
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
        if gates // width in GATES:
            return dict(type=GATES[gates // width], num_layers=len(layers))
    raise UserError('its encoder is not a GRU, LSTM or Transformer')


def infer_model(weights: Dict[str, Tensor], layout: str, num_persons: int, num_heads: int) -> dict:
    """Infer the config of the model from its converted weights.

    Raises:
        KeyError: if a weight is missing.
        UserError: if the skeleton does not fit the weights.
    """
    channels, token = weights['backbone.embeddings.temporal.0.weight'].shape
    joints = get_layout(layout).num_joints
    if channels % num_heads:
        raise UserError(f'its width of {channels} is not divisible by {num_heads} heads: set --num-heads')
    if token != num_persons * joints * 3:
        raise UserError(f'its frames have {token // 3} joints in all, not {num_persons} x {joints}: set --layout and '
                         '--num-persons')
    clip_len = weights['backbone.embeddings.spatial.0.weight'].shape[1] // 3
    granularities = weights['projector.mlps.temporal.0.weight'].shape[1] // channels
    hidden, _ = weights['projector.mlps.clip.0.weight'].shape
    length, dim = weights['head.queues.instance.features'].shape
    kernel_size = weights['neck.pyramids.temporal.udm.conv.weight'].shape[-1]
    return complete_model(dict(
        type='HiCo',
        backbone=dict(type='HiCoBackbone', channels=channels),
        neck=dict(type='UDMNeck', encoder=infer_encoder(weights, num_heads), num_granularities=granularities,
                  udm=dict(kernel_size=kernel_size)),
        projector=dict(type='HierarchicalProjector', hidden_channels=hidden, out_channels=dim),
        head=dict(type='HierarchicalContrastHead', queue_length=length),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', layout=layout, num_persons=num_persons,
                               clip_len=clip_len)))


def convert(released: dict, layout: str, num_persons: int, num_heads: int, source: str) -> dict:
    """Convert a released checkpoint to ours, and check it against a model built from the inferred config.

    Raises:
        UserError: if it is not a pretraining checkpoint of the released code.
    """
    try:
        weights = convert_weights(weights_of(released))
        model = infer_model(weights, layout, num_persons, num_heads)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = f'{error} is missing' if isinstance(error, KeyError) else error
        raise UserError(f'{source} is not a HiCo pretraining checkpoint that can be converted: {reason}') from error
    state = MODELS.build(model).state_dict()
    check_fit(state, weights, source, 'HiCo')
    surplus = sorted(set(weights) - set(state))
    if surplus:
        raise UserError(f'{source} has unexpected weights for a HiCo model of these sizes: {surplus[:3]}')
    for name, weight in weights.items():
        if name.endswith('.pointer') and not 0 <= weight < len(weights[name.replace('.pointer', '.features')]):
            raise UserError(f'{source} is damaged: {name} is {int(weight)}, outside its queue')
    description = describe_model(
        model, [dict(type='NormalizeSkeleton', lost_joints='released')],  # the released code's own preparation
        task='converted', versions=package_versions(), git=git_state(), epoch=released.get('epoch'))
    return dict(state_dict=weights, meta={META_KEY: description.to_json(), 'epoch': released.get('epoch')})


def convert_back(ours: dict, num_heads: int, source: str) -> dict:
    """Convert our pretraining checkpoint to a released one, and check it by converting back and comparing features.

    Raises:
        UserError: if it is not a pretraining checkpoint, or the released code does not have its model.
    """
    model = describe(ours, source).model
    layout, persons = (model.get('data_preprocessor', {}).get(key) for key in ('layout', 'num_persons'))
    coordinates = (model.get('backbone') or {}).get('in_channels')
    if coordinates not in (3, None):
        raise UserError(f'{source} has no counterpart in the released code, which takes 3 numbers for each joint: this '
                        f'encoder takes {coordinates}')
    try:
        weights = released_weights(weights_of(ours))
    except (KeyError, ValueError) as error:
        raise UserError(f'{source} has no counterpart in the released code: {error}') from error
    released = dict(epoch=(ours.get('meta') or {}).get('epoch'), state_dict=weights)
    again = convert(released, layout or 'ntu', persons or 2, num_heads, source)
    models = [build_model(config, checkpoint) for config, checkpoint in (
        (model, ours), (describe(again, source).model, again))]
    clips = torch.randn(2, 1, *models[0].backbone.clip_shape)
    with torch.no_grad():
        mine, theirs = (torch.cat([f.clip, f.part], 1) for f, _ in (m.extract_feat(clips) for m in models))
    if not torch.allclose(mine, theirs, atol=1e-5):
        raise UserError(f'{source} has no counterpart in the released code, whose UDM, embedding, attention heads '
                         '(--num-heads) or encoder compute different features from these weights')
    return released


def build_model(config: dict, checkpoint: dict) -> Any:
    """Build the model of a checkpoint, in eval mode."""
    model: Any = MODELS.build(config)
    model.load_state_dict(weights_of(checkpoint))
    return model.eval()
