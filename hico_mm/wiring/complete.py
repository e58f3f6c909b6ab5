"""Complete configs, so that they contain every size before anything is built."""

import inspect
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Union

from mmaction.registry import MODELS, TRANSFORMS
from mmengine.config import Config
from mmengine.registry import Registry

from ..errors import UserError
from ..structures import SkeletonLayout, get_layout
from .sizes import check_granularities, fact_of, is_a, maps_of, out_channels, place_of
from .table import ARGUMENTS, CONTRACTS, TELLS, TELLS_TRANSFORMS

OUR_RECOGNIZERS = ('SkeletonRecognizer', 'HiCo')
PREPARATIONS = {'NormalizePose2D', 'NormalizeSkeleton', 'PreNormalize2D'}  # transforms that normalise clips


def complete_model(config: Mapping) -> dict:
    """Complete the config of a model by the table in :mod:`hico_mm.wiring.table`. The given config is not changed.

    Components that are not in the table and already built parts are left unchanged.

    Args:
        config: Config of a recognizer.

    Returns:
        The completed config. Completing it again changes nothing.

    Raises:
        UserError: if two values in the config contradict each other; the message names both and their keys.
    """
    model: dict = plain(config)
    if is_a(MODELS, model.get('type'), OUR_RECOGNIZERS):
        _complete_part(model, 'model', {})
        if model.get('data_preprocessor') is None:
            model['data_preprocessor'] = dict(type='SkeletonDataPreprocessor')
    for slot, told in TELLS.items():
        part = place_of(model, slot)
        if isinstance(part, dict) and 'type' in part:
            maps = maps_of(model) if slot == 'neck.tokenizer' else {}
            facts = {name: (source, fact_of(model, source, maps)) for name, source in told.items()}
            if slot == 'data_preprocessor':
                if not is_a(MODELS, (place_of(model, 'backbone') or {}).get('type'), ('HiCoBackbone', )):
                    facts = {}  # in another backbone, these names may have another meaning
                named = clip_len_of_views(part.get('test_views') or (), part.get('train_views') or ())
                if named is not None:
                    facts['clip_len'] = ('a view', named)
            _complete_part(part, slot, facts)
            if slot == 'backbone':
                _tell_streams(part, out_channels(model))
            if slot == 'data_preprocessor' and _arguments(MODELS, part['type']):
                _complete_views(part)
    check_granularities(model)
    return model


def complete_transforms(transforms: Sequence, teller: str = 'the data preprocessor', **told: Any) -> list:
    """Complete the configs of transforms. Already built transforms are left unchanged.

    ``PreNormalize2D`` is replaced by :class:`~hico_mm.datasets.transforms.NormalizePose2D`, which leaves absent joints
    at zero.

    Args:
        transforms: Configs or transforms. Transforms nested in another one, such as ``OneOf``, are completed too.
        teller: Source of the values, for the message. Defaults to 'the data preprocessor'.
        **told: Values of ``layout``, ``in_channels`` and ``clip_len`` for transforms that need and omit them.

    Raises:
        UserError: if a transform has a different value.
    """
    completed = []
    for transform in plain(list(transforms)):
        if isinstance(transform, dict) and 'type' in transform:
            if transform['type'] == 'PreNormalize2D':  # MMAction2's version moves absent joints
                transform['type'] = 'NormalizePose2D'
            facts = {name: (teller, told.get(name)) for name in TELLS_TRANSFORMS}
            _complete_part(transform, transform['type'], facts, TRANSFORMS)
            if isinstance(transform.get('transforms'), list):
                transform['transforms'] = complete_transforms(transform['transforms'], teller, **told)
        completed.append(transform)
    return completed


def complete_config(config: Config) -> None:
    """Complete a whole config, with its model and datasets, in place.

    A ``SkeletonDataset`` gets the layout of the model, and a model without a layout gets that of the dataset. If the
    config omits the load pipeline, it is ``NormalizeSkeleton`` as released. ``test_pipeline``, which MMAction2's
    inference API runs, is set to match. ``persistent_workers`` is removed from data loaders without workers.

    Raises:
        UserError: if the model or a dataset contradicts another part of the config.
    """
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = config.get(name)
        if loader and not loader.get('num_workers', 0):  # torch refuses these without workers
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
        _check_scores(config.model.get('data_preprocessor') or {}, dataset['load_pipeline'], where)
        if where.startswith('test_dataloader') and _is_preparation(config.get('test_pipeline') or ()):
            config.test_pipeline = [*dataset['load_pipeline'], config.test_pipeline[-1]]


def _check_scores(preprocessor: Mapping, load_pipeline: Sequence[dict], where: str) -> None:
    """Check that clips have a score as last channel if, and only if, the preprocessor takes it for one.

    Raises:
        UserError: if they do not agree. Transforms of other packages are not known, so they are not compared.
    """
    given = any(transform.get('with_score') for transform in load_pipeline)
    known = {transform.get('type') for transform in load_pipeline} <= PREPARATIONS
    if known and 'with_score' in preprocessor and bool(preprocessor['with_score']) != given:
        raise UserError(f'model.data_preprocessor.with_score is {preprocessor["with_score"]}, but the clips of {where} '
                        f'have {"a" if given else "no"} score as last channel: set it to {given}, or change with_score '
                        'of NormalizePose2D in the load pipeline')


def _is_preparation(pipeline: Sequence[dict]) -> bool:
    """Return whether a pipeline for one clip consists of a normalisation and a packing step, as in our datasets."""
    kinds = [step.get('type') for step in pipeline]
    return bool(kinds) and kinds[-1] == 'PackActionInputs' and set(kinds[:-1]) <= PREPARATIONS


def _with_layout_of_data(config: Config) -> dict:
    """Return the config of the model. If one of our models has no layout, it gets that of the dataset."""
    model, datasets = plain(config.model), list(skeleton_datasets(config))
    named = any((model.get(part) or {}).get('layout') is not None for part in ('data_preprocessor', 'backbone'))
    if datasets and not named and is_a(MODELS, model.get('type'), OUR_RECOGNIZERS):
        model['data_preprocessor'] = {'type': 'SkeletonDataPreprocessor', **(model.get('data_preprocessor') or {}),
                                      'layout': datasets[0][1].get('layout')}
    return model


def skeleton_datasets(config: Mapping) -> Iterator['tuple[str, dict]']:
    """Yield the key and config of every ``SkeletonDataset`` in a whole config, including those in dataset wrappers."""
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
    """Copy nested configs to plain dicts and lists. Anything else in them is kept unchanged."""
    if isinstance(value, dict):
        # MMEngine leaves this key if there was nothing to delete.
        return {key: plain(item) for key, item in value.items() if key != '_delete_'}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return tuple(map(plain, value)) if type(value) is tuple else value


def same(a: Any, b: Any) -> bool:
    """Return whether two config values are equivalent: tuples equal lists, and layouts equal their names."""
    if a == b:
        return True
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict) and 'parents' not in a:
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    layouts = [_layout(value) for value in (a, b)]
    return None not in layouts and layouts[0] == layouts[1]


def _layout(value: Any) -> Optional[SkeletonLayout]:
    """Return the layout that a config value stands for, or None if it is not a layout."""
    if isinstance(value, (str, SkeletonLayout)) or isinstance(value, dict) and 'parents' in value:
        try:
            return get_layout(value)
        except ValueError:
            return None
    return None


def _shown(layout: Union[str, dict, SkeletonLayout]) -> str:
    """Format a layout for a message: its name and number of joints."""
    known = get_layout(layout)
    return f'"{known.name}" ({known.num_joints} joints)'


def _arguments(registry: Registry, kind: Any, slot: str = '') -> Dict[str, Any]:
    """Return the arguments and defaults of a registered class, or of its nearest base class, from the table."""
    cls = registry.get(kind) if isinstance(kind, str) else kind
    for base in getattr(cls, '__mro__', ()):
        if base.__name__ in ARGUMENTS:
            return ARGUMENTS[base.__name__]
    return {name: None for name in CONTRACTS.get(slot, ())}


def _complete_part(part: dict, slot: str, told: Dict[str, Any], registry: Registry = MODELS) -> None:
    """Add the arguments that a part's config omits, in place."""
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
    """Return the first clip length set in a transform of some views, or None."""
    named = (transform.get('clip_len') for some in views for view in some for transform in view
             if isinstance(transform, dict))
    return next((length for length in named if length is not None), None)


def _complete_views(preprocessor: dict) -> None:
    """Complete the transforms of every view of a preprocessor."""
    told = {name: preprocessor[name] for name in TELLS_TRANSFORMS}
    told['in_channels'] -= bool(preprocessor['with_score'])  # a score is not a coordinate
    for key in ('train_views', 'test_views'):
        if preprocessor.get(key) is not None:
            preprocessor[key] = [complete_transforms(view, **told) for view in preprocessor[key]]


def _tell_streams(backbone: dict, channels: Optional[int]) -> None:
    """Set ``in_channels`` of a graph network that omits it, if the clips do not have its default of 3 coordinates."""
    cls = MODELS.get(backbone['type']) if isinstance(backbone['type'], str) else backbone['type']
    if channels not in (None, 3) and 'in_channels' in inspect.signature(cls.__init__).parameters:
        backbone.setdefault('in_channels', channels)
