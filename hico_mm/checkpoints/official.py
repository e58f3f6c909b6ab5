"""Checkpoints of the authors' released code, converted to ours and back.

Encoder and sizes are read off the weights. What weights cannot tell is an argument.
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
# How the names of weights begin within an encoder: released, ours.
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
    """The name of a weight on the other side.

    Raises:
        UserError: if such a checkpoint has no weight of that name.
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
    """Released weights -> ours: queues are (K, D) here, and the key encoder no longer starts as a copy of the query."""
    ours = {STEPS: tensor(1)}
    for name, weight in released.items():
        if name.endswith('_queue'):
            weight = weight.t().contiguous()
        ours[rename(name)] = weight.reshape(()) if name.endswith('_ptr') else weight
    return ours


def released_weights(ours: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Our weights -> released; a pointer beyond K, where the released ones never are, starts again at 0."""
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
    """The encoder's config from its weights.

    Raises:
        UserError: if it is none of GRU, LSTM and Transformer.
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
    raise UserError('its encoder is neither GRU nor LSTM nor Transformer')


def infer_model(weights: Dict[str, Tensor], layout: str, num_persons: int, num_heads: int) -> dict:
    """The config of the model from its converted weights.

    Raises:
        KeyError: if a weight is absent.
        UserError: if the skeleton does not fit the weights.
    """
    channels, token = weights['backbone.embeddings.temporal.0.weight'].shape
    joints = get_layout(layout).num_joints
    if channels % num_heads:
        raise UserError(f'{num_heads} heads do not divide its width of {channels}: set --num-heads')
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
    """A released checkpoint -> one of ours, checked against a model that is built from its config.

    Raises:
        UserError: if it is not a pretraining checkpoint of the released code.
    """
    try:
        weights = convert_weights(weights_of(released))
        model = infer_model(weights, layout, num_persons, num_heads)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = f'{error} is absent' if isinstance(error, KeyError) else error
        raise UserError(f'{source} is not a HiCo pretraining checkpoint that can be converted: {reason}') from error
    state = MODELS.build(model).state_dict()
    check_fit(state, weights, source, 'HiCo')
    surplus = sorted(set(weights) - set(state))
    if surplus:
        raise UserError(f'{source} has weights that no HiCo model of these sizes has: {surplus[:3]}')
    for name, weight in weights.items():
        if name.endswith('.pointer') and not 0 <= weight < len(weights[name.replace('.pointer', '.features')]):
            raise UserError(f'{source} is damaged: {name} is {int(weight)}, outside its queue')
    description = describe_model(
        model, [dict(type='NormalizeSkeleton', lost_joints='released')],  # the released code's own preparation
        task='converted', versions=package_versions(), git=git_state(), epoch=released.get('epoch'))
    return dict(state_dict=weights, meta={META_KEY: description.to_json(), 'epoch': released.get('epoch')})


def convert_back(ours: dict, num_heads: int, source: str) -> dict:
    """A pretraining checkpoint of ours -> a released one, checked by converting it again and comparing features.

    Raises:
        UserError: if it is none, or of a model that the released code does not have.
    """
    model = describe(ours, source).model
    layout, persons = (model.get('data_preprocessor', {}).get(key) for key in ('layout', 'num_persons'))
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
                         '(--num-heads) or encoder compute other features from its weights')
    return released


def build_model(config: dict, checkpoint: dict) -> Any:
    """The model of a checkpoint, in eval mode."""
    model: Any = MODELS.build(config)
    model.load_state_dict(weights_of(checkpoint))
    return model.eval()
