"""The description saved in a checkpoint: plain data in ``meta['hico_mm']``."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from mmaction.registry import MODELS, TRANSFORMS
from mmengine.registry import WEIGHT_INITIALIZERS, Registry

from ..errors import UserError
from ..structures import SkeletonLayout, get_layout
from ..wiring import complete_model, complete_transforms

META_KEY = 'hico_mm'
FORMAT = 2
# Arguments that had different names in checkpoints of format 1.
RENAMED = {('HierarchicalContrastHead', 'active'): 'wrap_at', ('JointCorruption', 'share'): 'ratio'}


@dataclass
class Description:
    """The description of a checkpoint. It consists of plain data only, so it is saved as JSON.

    Args:
        model: The completed config of the model, with every size written out.
        load_pipeline: Configs of the deterministic transforms applied when a clip is loaded, or None if not known.
        task: 'pretraining', 'linear evaluation', 'finetuning', 'training from scratch' or 'converted'.
        classes: Names of the classes, or None if not known.
        training_data: The training split: ``ann_file``, ``split``, ``clips``, ``classes``, ``hash`` and, for a
            labelled subset, ``subset``. None if not known.
        versions: Versions of the packages.
        git: Commit of the source tree, or None for an installed package.
        seed: Seed of the run.
        epoch: Number of epochs trained so far.
        max_epochs: Number of epochs of the whole run.
        iteration: Number of steps trained so far.
        scores: The last scores before it was saved, and the ``epoch`` in which they were measured.
        encoder: The source of its encoder: ``file`` and the description of that checkpoint, without the model.
        settings: Batch size per process, number of processes, learning rate.
    """

    model: Dict[str, Any]
    load_pipeline: Optional[List[dict]] = None
    task: str = 'unknown'
    classes: Optional[List[str]] = None
    training_data: Optional[Dict[str, Any]] = None
    versions: Dict[str, str] = field(default_factory=dict)
    git: Optional[str] = None
    seed: Optional[int] = None
    epoch: Optional[int] = None
    max_epochs: Optional[int] = None
    iteration: Optional[int] = None
    scores: Dict[str, float] = field(default_factory=dict)
    encoder: Optional[Dict[str, Any]] = None
    settings: Dict[str, Any] = field(default_factory=dict)

    @property
    def input_format(self) -> Dict[str, Any]:
        """The input of the encoder: layout with all its joints, persons, coordinates, stream, clip length."""
        views = self.model.get('data_preprocessor') or {}
        known = {key: views[key] for key in ('num_persons', 'in_channels', 'stream', 'clip_len') if key in views}
        known.update({key: True for key in ('with_score', ) if views.get(key)})
        return dict(layout=asdict(get_layout(views['layout'])), **known) if 'layout' in views else known

    def to_json(self) -> str:
        """Return the description as JSON.

        Raises:
            UserError: if the config holds objects other than registered classes and skeleton layouts.
        """
        return json.dumps(dict(format=FORMAT, input_format=self.input_format, **vars(self)), default=_plain)

    def origin(self) -> Dict[str, Any]:
        """Return the description without the model, as saved in checkpoints that start from this one."""
        return {key: value for key, value in json.loads(self.to_json()).items() if key not in ('model', 'format')}

    def rows(self) -> List[Tuple[str, str]]:
        """Return the rows of a readable table as (name, value)."""
        return list(_rows(self))

    def __str__(self) -> str:
        """Format the description as a readable table."""
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return '\n'.join(f'{name:<{width}}  {text}' for name, text in rows)


def describe_model(model: Mapping, load_pipeline: Optional[list] = None, **facts: Any) -> Description:
    """Describe a model by its config, which is completed here, and any other known facts.

    Args:
        model: Config of the model.
        load_pipeline: Configs of the deterministic transforms of its clips.
        **facts: Further fields of :class:`Description`.
    """
    completed = complete_model(model)
    layout = (completed.get('data_preprocessor') or {}).get('layout')
    if load_pipeline is not None:
        load_pipeline = complete_transforms(load_pipeline, layout=layout)
    return Description(completed, load_pipeline, **facts)


def describe(checkpoint: Mapping, source: object, complete: bool = True) -> Description:
    """Read the description of a loaded checkpoint, written by this version or an earlier one.

    Args:
        checkpoint: The checkpoint.
        source: Its path, for error messages.
        complete: Whether to complete the config of the model, which requires every component to be registered.
            Defaults to True.

    Raises:
        UserError: if the checkpoint has no description, or the description is damaged or names anything other than
            registered components. MMEngine would import and call whatever an unknown ``type`` names.
    """
    meta = checkpoint.get('meta')
    if not isinstance(meta, Mapping) or META_KEY not in meta:
        raise UserError(f'{source} does not record its model: give the config it was trained with')
    try:
        content = json.loads(meta[META_KEY])
        if not isinstance(content['model'], dict):
            raise TypeError('its model is not a config')
        if 'type' not in content['model']:
            raise TypeError('its model has no type')
        content = _upgrade(content) if 'format' not in content else content
        for transform in content.get('load_pipeline') or ():
            if transform.get('type') in ('NormalizeSkeleton', 'PreNormalize2D'):  # written before this was an option
                transform.setdefault('lost_joints', 'released')
        known = {f.name for f in fields(Description)}
        description = Description(**{key: value for key, value in content.items() if key in known})
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise _damaged(source, error) from error
    if complete:
        _check_types(description, source)
    try:
        completed = describe_model(**vars(description)) if complete else description
        completed.to_json()
    except (AttributeError, KeyError, RecursionError, RuntimeError, TypeError, ValueError) as error:
        raise _damaged(source, error) from error
    return completed


def _damaged(source: object, error: Exception) -> UserError:
    return UserError(f'the description in {source} is damaged ({type(error).__name__}: {error}): give the config the '
                     'checkpoint was trained with')


def _upgrade(content: dict) -> dict:
    """Convert a description of format 1, with ``model`` and ``once``, to the current names."""

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            kind = str(value.get('type'))
            return {RENAMED.get((kind, key), key): renamed(item) for key, item in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    task = 'pretraining' if content['model'].get('type') == 'HiCo' else 'unknown'
    return dict(model=renamed(content['model']), load_pipeline=renamed(content.get('once')), task=task)


def _check_types(description: Description, source: object) -> None:
    """Refuse a description that names an unregistered component, before anything looks it up."""
    config = dict(model=description.model, load_pipeline=description.load_pipeline)
    for place, key, value in _items(config):
        if key == '_scope_':
            raise UserError(f'{source} asks for {place}={value!r}, which is not a registered component: give the '
                            'config it was trained with')
        if key != 'type':
            continue
        if not isinstance(value, str) or not _is_registered(value, _registry_of(place)):
            raise UserError(f'{source} asks for {place}={value!r}, which is not a registered component: import the '
                            'module that registers it, or give the config it was trained with')


def _registry_of(place: str) -> Registry:
    if '_views' in place or 'load_pipeline' in place:
        return TRANSFORMS
    return WEIGHT_INITIALIZERS if 'init_cfg' in place else MODELS


def _is_registered(kind: str, registry: Optional[Registry]) -> bool:
    """Return whether a registry or one of its parents has a name, without importing anything."""
    while registry is not None:
        if kind in registry.module_dict:
            return True
        registry = registry.parent
    return False


def _items(config: Any, place: str = '') -> Iterator[Tuple[str, Any, Any]]:
    """Yield all keys and values at any depth, each with its dotted path."""
    pairs = config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ()
    for key, value in pairs:
        where = f'{place}.{key}' if place else str(key)
        if isinstance(config, dict):
            yield where, key, value
        yield from _items(value, where)


def _plain(value: Any) -> Any:
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, SkeletonLayout):
        return asdict(value)
    raise UserError(f'the config contains {value!r}, which cannot be saved in a checkpoint: use its config instead')


def _rows(description: Description) -> Iterator[Tuple[str, str]]:
    """Yield the rows of the table as (name, value)."""
    model, clips = description.model, description.input_format
    yield 'task', description.task
    yield 'model', str(model.get('type'))
    for name in ('backbone', 'neck', 'projector', 'head', 'cls_head'):
        if isinstance(model.get(name), dict):
            yield name, _part(model[name])
    if clips:
        layout = clips.get('layout') or {}
        yield 'skeleton', (f'{layout.get("name")}, {len(layout.get("parents", ()))} joints, {clips.get("num_persons")} '
                           f'person(s), {clips.get("in_channels")} coordinates')
        yield 'stream', f'{clips.get("stream")}, {clips.get("clip_len")} frames'
    steps = description.load_pipeline
    yield 'preparation', 'not known' if steps is None else '; '.join(map(_part, steps)) or 'none'
    if description.classes:
        yield 'classes', ', '.join(description.classes)
    yield 'trained on', _data(description.training_data)
    yield 'trained for', f'{description.epoch} of {description.max_epochs} epochs, {description.iteration} steps'
    yield 'seed', str(description.seed)
    if description.scores:
        yield 'scores', ', '.join(f'{key} {value:.4g}' for key, value in description.scores.items())
    if description.encoder:
        yield 'encoder from', (f'{description.encoder.get("file")}: {description.encoder.get("task")}, '
                               f'{_data(description.encoder.get("training_data"))}, '
                               f'{description.encoder.get("epoch")} epochs, seed {description.encoder.get("seed")}')
    yield 'versions', ', '.join(f'{name} {version}' for name, version in description.versions.items()) or 'not known'
    yield 'git', description.git or 'not known'


def _part(part: dict) -> str:
    """Format a component in one line: its type, then its arguments. Nested components are in parentheses."""
    arguments = ', '.join(f'{key}={f"({_part(value)})" if isinstance(value, dict) and "type" in value else value}'
                          for key, value in part.items() if key not in ('type', 'layout'))
    return f'{part.get("type")} {arguments}'.rstrip()


def _data(data: Optional[dict]) -> str:
    """Format the training data in one line."""
    if not data:
        return 'not known'
    subset = f', labelled subset {data["subset"]}' if data.get('subset') else ''
    return (f'{data.get("ann_file")}, split {data.get("split")}: {data.get("clips")} clips of {data.get("classes")} '
            f'classes, hash {str(data.get("hash"))[:12]}{subset}')


