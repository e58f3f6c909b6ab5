"""Completed configs: every size is written out before anything is built."""

from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Union

import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.config import Config
from mmengine.registry import Registry

from ..errors import UserError, check_count
from ..structures import SkeletonLayout, get_layout
from .table import ARGUMENTS, CONTRACTS, TELLS, TELLS_TRANSFORMS

OUR_RECOGNIZERS = ('SkeletonRecognizer', 'HiCo')


def complete_model(config: Mapping) -> dict:
    """Complete the config of a model by the table of who tells whom; the config given is left as it is.

    Components that the table does not know are left as they are, and so are parts that are built already.

    Args:
        config: Config of a recognizer.

    Returns:
        The completed config. Completing it again changes nothing.

    Raises:
        UserError: if two places of the config contradict each other; the message names both and their values.
    """
    model: dict = plain(config)
    if is_a(MODELS, model.get('type'), OUR_RECOGNIZERS):
        _complete_part(model, 'model', {})
        if model.get('data_preprocessor') is None:
            model['data_preprocessor'] = dict(type='SkeletonDataPreprocessor')
    for slot, told in TELLS.items():
        part = _place(model, slot)
        if isinstance(part, dict) and 'type' in part:
            maps = _maps(model) if slot == 'neck.tokenizer' else {}
            facts = {name: (source, _fact(model, source, maps)) for name, source in told.items()}
            if slot == 'data_preprocessor':
                if not is_a(MODELS, (_place(model, 'backbone') or {}).get('type'), ('HiCoBackbone', )):
                    facts = {}  # another backbone may mean something else by these names
                named = clip_len_of_views(part.get('test_views') or (), part.get('train_views') or ())
                if named is not None:
                    facts['clip_len'] = ('a view', named)
            _complete_part(part, slot, facts)
            if slot == 'data_preprocessor' and _arguments(MODELS, part['type']):
                _complete_views(part)
    _check_granularities(model)
    return model


def complete_transforms(transforms: Sequence, teller: str = 'the data preprocessor', **told: Any) -> list:
    """Complete the configs of transforms; transforms that are built already stay as they are.

    ``PreNormalize2D`` stands for :class:`~hico_mm.datasets.transforms.NormalizePose2D`, which leaves absent joints at
    zero.

    Args:
        transforms: Configs or transforms. The transforms of a choice such as ``OneOf`` are completed too.
        teller: Who tells them, for the message. Defaults to 'the data preprocessor'.
        **told: Values of ``layout``, ``in_channels`` and ``clip_len`` for those that need one and leave it out.

    Raises:
        UserError: if a transform has another value than it is told.
    """
    completed = []
    for transform in plain(list(transforms)):
        if isinstance(transform, dict) and 'type' in transform:
            if transform['type'] == 'PreNormalize2D':  # MMAction2's moves absent joints
                transform['type'] = 'NormalizePose2D'
            facts = {name: (teller, told.get(name)) for name in TELLS_TRANSFORMS}
            _complete_part(transform, transform['type'], facts, TRANSFORMS)
            if isinstance(transform.get('transforms'), list):
                transform['transforms'] = complete_transforms(transform['transforms'], teller, **told)
        completed.append(transform)
    return completed


def complete_config(config: Config) -> None:
    """Complete a whole config, model and datasets, in place.

    A ``SkeletonDataset`` is given the layout of the model, and a model that names none that of the dataset. The load
    pipeline, if the config leaves it out, is ``NormalizeSkeleton`` as released. ``test_pipeline``, which MMAction2's
    inference API runs, is made to match. A data loader without workers is not asked to keep them.

    Raises:
        UserError: if the model or a dataset contradicts another part of the config.
    """
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = config.get(name)
        if loader and not loader.get('num_workers', 0):  # torch refuses them without workers
            loader.pop('persistent_workers', None)
            loader.pop('prefetch_factor', None)
    config.model = complete_model(_with_layout_of_data(config))
    layout = (config.model.get('data_preprocessor') or {}).get('layout')
    for where, dataset in skeleton_datasets(config):
        dataset.setdefault('layout', layout)
        if layout is not None and not same(dataset['layout'], layout):
            raise UserError(
                f'{where}.layout is {_shown(dataset["layout"])}, but model.data_preprocessor.layout is '
                f'{_shown(layout)}: the data and the model must have the same skeleton')
        if dataset.get('num_persons') is None:
            dataset['num_persons'] = (config.model.get('data_preprocessor') or {}).get('num_persons')
        load_pipeline = dataset.get('load_pipeline')
        if load_pipeline is None:
            load_pipeline = [dict(type='NormalizeSkeleton')]
        dataset['load_pipeline'] = complete_transforms(load_pipeline, where, layout=dataset['layout'])
        if where.startswith('test_dataloader') and _is_preparation(config.get('test_pipeline') or ()):
            config.test_pipeline = [*dataset['load_pipeline'], config.test_pipeline[-1]]


def _is_preparation(pipeline: Sequence[dict]) -> bool:
    """Whether a pipeline for one clip is a normalisation and a step that packs, as those of our datasets are."""
    kinds = [step.get('type') for step in pipeline]
    return bool(kinds) and kinds[-1] == 'PackActionInputs' and set(kinds[:-1]) <= {
        'NormalizePose2D', 'NormalizeSkeleton', 'PreNormalize2D'}


def _with_layout_of_data(config: Config) -> dict:
    """The config of the model; one of ours that names no layout has that of the dataset."""
    model, datasets = plain(config.model), list(skeleton_datasets(config))
    named = any((model.get(part) or {}).get('layout') is not None for part in ('data_preprocessor', 'backbone'))
    if datasets and not named and is_a(MODELS, model.get('type'), OUR_RECOGNIZERS):
        model['data_preprocessor'] = {'type': 'SkeletonDataPreprocessor', **(model.get('data_preprocessor') or {}),
                                      'layout': datasets[0][1].get('layout')}
    return model


def skeleton_datasets(config: Mapping) -> Iterator['tuple[str, dict]']:
    """Every config of a ``SkeletonDataset`` in a whole config with its place, also inside a wrapper of datasets."""
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        pending = [(f'{loader}.dataset', (config.get(loader) or {}).get('dataset'))]
        while pending:
            where, dataset = pending.pop()
            if not isinstance(dataset, dict):
                continue
            if dataset.get('type') == 'SkeletonDataset':
                yield where, dataset
            pending.append((f'{where}.dataset', dataset.get('dataset')))
            pending += [(f'{where}.datasets.{i}', part) for i, part in enumerate(dataset.get('datasets') or [])]


def plain(value: Any) -> Any:
    """A copy of nested configs as plain dicts and lists; anything else in them is kept as it is."""
    if isinstance(value, dict):
        # MMEngine leaves this mark where there was nothing to delete.
        return {key: plain(item) for key, item in value.items() if key != '_delete_'}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return tuple(map(plain, value)) if type(value) is tuple else value


def same(a: Any, b: Any) -> bool:
    """Whether two values of configs mean the same: a tuple is a list, and a layout is its name."""
    if a == b:
        return True
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict) and 'parents' not in a:
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    layouts = [_layout(value) for value in (a, b)]
    return None not in layouts and layouts[0] == layouts[1]


def _layout(value: Any) -> Optional[SkeletonLayout]:
    """The layout that a value of a config stands for, if it stands for one."""
    if isinstance(value, (str, SkeletonLayout)) or isinstance(value, dict) and 'parents' in value:
        try:
            return get_layout(value)
        except ValueError:
            return None
    return None


def _shown(layout: Union[str, dict, SkeletonLayout]) -> str:
    """A layout in a message: its name and its number of joints."""
    known = get_layout(layout)
    return f'"{known.name}" ({known.num_joints} joints)'


def _arguments(registry: Registry, kind: Any, slot: str = '') -> Dict[str, Any]:
    """The arguments, with their values, of a registered class by the table, or by that of the nearest base class."""
    cls = registry.get(kind) if isinstance(kind, str) else kind
    for base in getattr(cls, '__mro__', ()):
        if base.__name__ in ARGUMENTS:
            return ARGUMENTS[base.__name__]
    return {name: None for name in CONTRACTS.get(slot, ())}


def is_a(registry: Registry, kind: Any, names: Sequence[str]) -> bool:
    """Whether a registered name, or a class, is one of some classes of ours or derived from one."""
    cls = registry.get(kind) if isinstance(kind, str) else kind
    return any(base.__name__ in names for base in getattr(cls, '__mro__', ()))


def _complete_part(part: dict, slot: str, told: Dict[str, Any], registry: Registry = MODELS) -> None:
    """Add to a part's config, in place, what it leaves out."""
    for name, default in _arguments(registry, part['type'], slot).items():
        source, fact = told.get(name, ('', None))
        given = part.get(name)
        if isinstance(given, dict) and isinstance(default, dict) and 'type' not in default:
            part[name] = {**plain(default), **given}
        elif given is None:
            value = plain(default) if fact is None else fact
            if value is not None or name not in CONTRACTS.get(slot, ()):
                part[name] = list(value) if isinstance(value, tuple) else value
        elif fact is not None and not same(given, fact):
            raise UserError(f'{slot}.{name} is {given!r}, but {source} says {fact!r}: leave {slot}.{name} out of the '
                            'config, or make them agree')


def clip_len_of_views(*views: Sequence[Sequence[Any]]) -> Optional[int]:
    """The first clip length that a transform of some views names; None if none does."""
    named = (transform.get('clip_len') for some in views for view in some for transform in view
             if isinstance(transform, dict))
    return next((length for length in named if length is not None), None)


def _complete_views(preprocessor: dict) -> None:
    """Complete the transforms of every view of a preprocessor."""
    told = {name: preprocessor[name] for name in TELLS_TRANSFORMS}
    for key in ('train_views', 'test_views'):
        if preprocessor.get(key) is not None:
            preprocessor[key] = [complete_transforms(view, **told) for view in preprocessor[key]]


def _place(model: Mapping, place: str) -> Any:
    """The value at a dotted place, None if there is none."""
    value: Any = model
    for key in place.split('.'):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _fact(model: dict, source: str, maps: Dict[str, int]) -> Any:
    """What a place of a model, or one of the two that are computed, tells."""
    place, _, name = source.rpartition('.')
    if place == 'maps':
        return maps.get(name)
    return _feature_channels(model) if place == 'features' else _place(model, source)


def _feature_channels(model: dict) -> Optional[int]:
    """Channels of the feature that the head gets, None if the table does not know the parts before it."""
    neck, backbone = model.get('neck'), model.get('backbone')
    if isinstance(neck, dict) and is_a(MODELS, neck.get('type'), ('UDMNeck', )):
        level = (_place(model, 'cls_head') or {}).get('level', 'instance')
        if level in ('clip', 'part'):
            return neck['channels']
        return neck['channels'] * neck['num_granularities'] * (len(neck['branches']) if level == 'instance' else 1)
    if isinstance(backbone, dict) and is_a(MODELS, backbone.get('type'), ('RawCoordinates', )):
        views = model['data_preprocessor']
        joints = get_layout(views['layout']).num_joints
        return views['num_persons'] * views['clip_len'] * joints * views['in_channels']
    return None


def _check_granularities(model: dict) -> None:
    """Check that the sequences of either branch can be halved as often as the neck asks."""
    neck, tokenizer = model.get('neck'), _place(model, 'neck.tokenizer')
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


def _maps(model: dict) -> Dict[str, int]:
    """Sizes of the maps (N, M, C, T, V) that a graph network makes of a clip, read off those of an empty clip.

    The random state is restored, so that asking does not change what follows.

    Raises:
        UserError: if the backbone cannot take such a clip, or gives no maps for it.
    """
    tokenizer, views, backbone = model['neck']['tokenizer'], model['data_preprocessor'], model['backbone']
    known = all(tokenizer.get(name) for name in ('num_persons', 'in_channels', 'clip_len'))
    if known or not isinstance(views, dict) or 'layout' not in views or not isinstance(backbone, dict):
        return {}
    layout = get_layout(views['layout'])
    clip = torch.zeros(1, views['num_persons'], views['clip_len'], layout.num_joints, views['in_channels'])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        try:
            _, *shape, _ = MODELS.build(backbone).eval()(clip).shape
            num_persons, in_channels, clip_len = shape
            return dict(num_persons=num_persons, in_channels=in_channels, clip_len=clip_len)
        except Exception as error:  # a backbone of anybody's
            raise UserError(
                f'{backbone["type"]} makes no maps (N, M, C, T, V) of a clip (N, M, T, V, C) of size '
                f'{tuple(clip.shape)} ({error}): its graph must have the {layout.num_joints} joints of layout '
                f'"{layout.name}", and a backbone that gives tokens needs no neck.tokenizer') from error
