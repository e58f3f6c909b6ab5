"""Sizes that follow from other parts of a model's config."""

from typing import Any, Dict, Mapping, Optional, Sequence

import torch
from mmaction.registry import MODELS
from mmengine.registry import Registry

from ..errors import UserError, check_count
from ..structures import get_layout, split_streams


def is_a(registry: Registry, kind: Any, names: Sequence[str]) -> bool:
    """Return whether a registered name, or a class, is one of the named classes of ours or derived from one."""
    cls = registry.get(kind) if isinstance(kind, str) else kind
    return any(base.__name__ in names for base in getattr(cls, '__mro__', ()))


def place_of(model: Mapping, place: str) -> Any:
    """Return the value at a dotted key, or None if there is none."""
    value: Any = model
    for key in place.split('.'):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def fact_of(model: dict, source: str, maps: Dict[str, int]) -> Any:
    """Return the value of a source: a key in the model's config, or one of the computed sources."""
    place, _, name = source.rpartition('.')
    if place == 'maps':
        return maps.get(name)
    computed = {'features.channels': _feature_channels, 'data_preprocessor.out_channels': out_channels,
                'backbone.in_channels per stream': _channels_per_stream}
    return computed[source](model) if source in computed else place_of(model, source)


def out_channels(model: dict) -> Optional[int]:
    """Return the number of coordinates of a joint over all streams, or None if the preprocessor does not say."""
    views = model.get('data_preprocessor')
    if not isinstance(views, dict) or views.get('in_channels') is None:
        return None
    return views['in_channels'] * len(split_streams(views.get('stream', 'joint')))


def _channels_per_stream(model: dict) -> Optional[int]:
    """Return the number of coordinates of a joint in a single stream, given that of the backbone, or None."""
    channels = place_of(model, 'backbone.in_channels')
    return channels and channels // len(split_streams(place_of(model, 'data_preprocessor.stream') or 'joint'))


def _feature_channels(model: dict) -> Optional[int]:
    """Return the width of the feature that the head gets, or None if the parts before it are not in the table."""
    neck, backbone = model.get('neck'), model.get('backbone')
    if isinstance(neck, dict) and is_a(MODELS, neck.get('type'), ('UDMNeck', )):
        level = (place_of(model, 'cls_head') or {}).get('level', 'instance')
        return neck['channels'] * neck['num_granularities'] * (len(neck['branches']) if level == 'instance' else 1)
    if isinstance(backbone, dict) and is_a(MODELS, backbone.get('type'), ('RawCoordinates', )):
        views = model['data_preprocessor']
        joints = get_layout(views['layout']).num_joints
        return views['num_persons'] * views['clip_len'] * joints * out_channels(model)
    return None


def maps_of(model: dict) -> Dict[str, int]:
    """Find the sizes of the maps (N, M, C, T, V) of a graph network by running it on an empty clip.

    The random state is restored, so that this has no side effects.

    Raises:
        UserError: if the backbone cannot process such a clip, or does not return maps.
    """
    tokenizer, views, backbone = model['neck']['tokenizer'], model['data_preprocessor'], model['backbone']
    known = all(tokenizer.get(name) for name in ('num_persons', 'in_channels', 'clip_len'))
    if known or not isinstance(views, dict) or 'layout' not in views or not isinstance(backbone, dict):
        return {}
    layout = get_layout(views['layout'])
    clip = torch.zeros(1, views['num_persons'], views['clip_len'], layout.num_joints,
                       out_channels(model) or views['in_channels'])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        try:
            _, *shape, _ = MODELS.build(backbone).eval()(clip).shape
            num_persons, in_channels, clip_len = shape
            return dict(num_persons=num_persons, in_channels=in_channels, clip_len=clip_len)
        except Exception as error:  # third-party backbones may raise anything
            raise UserError(
                f'{backbone["type"]} does not return maps (N, M, C, T, V) for a clip (N, M, T, V, C) of size '
                f'{tuple(clip.shape)} ({error}): its graph must have the {layout.num_joints} joints of layout '
                f'"{layout.name}", and a backbone that returns tokens needs no neck.tokenizer') from error


def check_granularities(model: dict) -> None:
    """Check that the sequences of both branches can be halved as often as the neck requires."""
    neck, tokenizer = model.get('neck'), place_of(model, 'neck.tokenizer')
    source = tokenizer if isinstance(tokenizer, dict) else model.get('backbone')
    if not isinstance(neck, dict) or not isinstance(source, dict) or not is_a(
            MODELS, source.get('type'), ('HiCoBackbone', )) or 'num_granularities' not in neck:
        return
    lengths = dict(temporal=source['clip_len'], spatial=source['num_persons'] * get_layout(source['layout']).num_joints)
    granularities = neck['num_granularities']
    check_count(granularities, 'neck.num_granularities')
    for branch in neck['branches']:
        if lengths[branch] >> (granularities - 1) == 0:
            raise UserError(f'neck.num_granularities is {granularities}, but the {lengths[branch]} tokens of the '
                            f'{branch} branch cannot be halved {granularities - 1} times: lower it')
