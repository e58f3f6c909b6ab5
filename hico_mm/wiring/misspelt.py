"""Find config keys that nothing reads, and suggest the key that was probably meant."""

import difflib
import inspect
import re
from typing import Any, Collection, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from mmaction import registry as mmaction_registry
from mmengine import registry as mmengine_registry
from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ..errors import UserError
from .values import check_type

# Top-level config keys that are read by the runner, MMEngine's set-up or MMAction2's inference API.
RUNNER_KEYS = {name for name in inspect.signature(Runner.__init__).parameters if name not in ('self', 'cfg')} | {
    'runner_type', 'custom_imports', 'model_wrapper_cfg', 'sync_bn', 'compile', 'find_unused_parameters',
    'detect_anomalous_params', 'activation_checkpointing', 'efficient_conv_bn_eval', 'test_pipeline'}
# Parts of a config without a type, and the keys they may have.
UNTYPED: Dict[str, Set[str]] = {
    **{f'{split}_dataloader': {*inspect.signature(DataLoader.__init__).parameters, 'seed', 'num_batch_per_epoch'}
       for split in ('train', 'val', 'test')},
    'randomness': {'seed', 'diff_rank_seed', 'deterministic'},
    'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'},
    'auto_scale_lr': {'enable', 'base_batch_size'},
    'default_hooks': set(),  # any name is allowed
}
# Arguments of components that are dicts with fixed keys.
FIXED_KEYS: Dict[Tuple[str, str], Set[str]] = {
    ('UDMNeck', 'udm'): {'kernel_size', 'depthwise', 'norm_first'},
    ('SkeletonDataset', 'subset'): {'fraction', 'seed', 'per_class'},
}
# Classes in these modules pass ``**kwargs`` on to their base class; others use them differently.
PASSING_ON = ('hico_mm', 'mmengine.optim.scheduler', 'mmengine.dataset', 'mmaction.datasets')
# Classes whose ``**kwargs`` are arguments that MMEngine itself adds.
CLOSED = ('CheckpointHook', 'TimedCheckpointHook')
# Arguments that had different names in earlier versions.
FORMER_NAMES = dict(once='load_pipeline', active='wrap_at', share='ratio')
# The registry of a component by its dotted key; the first match counts.
REGISTRIES = (
    (r'model\..*init_cfg.*', 'WEIGHT_INITIALIZERS'),
    (r'.*(_views|pipeline)\..*', 'TRANSFORMS'),
    (r'model(\..*)?', 'MODELS'),
    (r'\w+_dataloader(\.dataset|\.datasets\.\d+)+', 'DATASETS'),
    (r'\w+_dataloader\.sampler', 'DATA_SAMPLERS'),
    (r'optim_wrapper\.optimizer', 'OPTIMIZERS'),
    (r'param_scheduler(\.\d+)?', 'PARAM_SCHEDULERS'),
    (r'(default|custom)_hooks\.\w+', 'HOOKS'),
    (r'(train|val|test)_cfg', 'LOOPS'),
    (r'(val|test)_evaluator(\.\d+)?', 'METRICS'))
# Keys that MMEngine removes from a component's config before building the component.
TAKEN_OUT = {'type', '_scope_', '_delete_', 'priority', 'constructor', 'paramwise_cfg', 'convert_to_iter_based',
             'by_epoch', 'optimizer', 'param_scheduler'}


def check_options(config: Config, options: Mapping[str, Any], source: object) -> None:
    """Check that the top-level key of each ``--cfg-options`` has an effect.

    Args:
        config: The config before the options are merged.
        options: The options by dotted key.
        source: Path of the config, for the message.

    Raises:
        UserError: for a helper variable, whose value was used when the file was read, and for a key that nothing reads.
            The message suggests the key that was probably meant.
    """
    for key in options:
        top = key.split('.')[0]
        if top in RUNNER_KEYS:
            continue
        if top in config:
            raise UserError(f'--cfg-options {key}: {top} is a helper variable of {source}, and setting it has no '
                            f'effect{_meant(key, config, ", since the file has already been read; set ")}')
        raise UserError(f'--cfg-options {key}: nothing reads {top}{_meant(key, config, "; did you mean ")}')


def check_spelling(config: Config, source: object) -> None:
    """Check the top-level keys of a whole config and the arguments of every registered component in it.

    Other top-level names are helper variables and allowed, unless they resemble a known key and contain a config. The
    type of a component must be registered, and plain arguments of our classes must have their annotated type.

    Raises:
        UserError: if a check fails; the message names the key and the most similar known key.
    """
    for name, value in config.items():
        close = difflib.get_close_matches(name, RUNNER_KEYS, 1, 0.85) if isinstance(value, (dict, list)) else []
        if close and name not in RUNNER_KEYS:
            raise UserError(f'{source}: nothing reads {name}; did you mean {close[0]}?')
    for name, known in UNTYPED.items():
        for key in (config.get(name) or {}) if known else ():
            if key not in known:
                raise UserError(f'{source}: {name} has no key {key}{_nearest(key, known)}')
    _check_hooks(config.get('default_hooks') or {}, source)
    for place, part in _typed(config):
        _check_type(part['type'], place, source)
        for key, value in part.items():
            _check_value(part['type'], key, value, place, source)


def _check_hooks(hooks: Mapping[str, Any], source: object) -> None:
    """Check that every hook has a type. A hook without one is a misspelt name of another hook."""
    for name, hook in hooks.items():
        if isinstance(hook, dict) and 'type' not in hook:
            raise UserError(f'{source}: default_hooks.{name} has no type{_nearest(name, set(hooks) - {name})}')


def _check_value(kind: str, key: str, value: Any, place: str, source: object) -> None:
    """Check an argument of a component: its name, its type and, for dicts with fixed keys, these keys."""
    check_argument(kind, key, place, source)
    check_type(_registered(kind), key, value, place, source)
    fixed = FIXED_KEYS.get((kind, key), set())
    for inner in value if fixed and isinstance(value, dict) else ():
        if inner not in fixed:
            raise UserError(f'{source}: {place}.{key} has no key {inner}{_nearest(inner, fixed)}')


def check_argument(kind: Any, key: str, place: str, source: object = 'the config') -> None:
    """Check that a registered class or function accepts an argument. Unregistered ones may accept anything.

    Raises:
        UserError: if it does not; the message names the argument and the most similar known one.
    """
    arguments = _arguments(kind) if isinstance(kind, str) else None
    if arguments is not None and key not in arguments and key not in TAKEN_OUT:
        raise UserError(f'{source}: {place} ({kind}) has no argument {key}{_nearest(key, arguments)}')


def _check_type(kind: str, place: str, source: object) -> None:
    """Check that the type of a component is registered in the registry for its key."""
    name = next((name for pattern, name in REGISTRIES if re.fullmatch(pattern, place)), None)
    if name is None or '.' in kind:
        return
    known: Set[str] = set()
    registry: Optional[Registry] = getattr(mmaction_registry, name, getattr(mmengine_registry, name))
    while registry is not None:
        registry.import_from_location()
        known |= set(registry.module_dict)
        registry = registry.parent
    if kind not in known:
        close = difflib.get_close_matches(kind, known, 1, 0.6)
        meant = f'; did you mean {close[0]}?' if close else ''
        raise UserError(f'{source}: {place}.type is {kind}, but no component with this name is registered{meant} (add '
                        'your own modules to custom_imports)')


def _meant(key: str, config: Config, introduction: str) -> str:
    """Return the end of a sentence that suggests a full key with the same ending or a similar spelling."""
    if key == 'seed':
        return f'{introduction}--seed?' if '?' not in introduction else ''
    top, dot, rest = key.partition('.')
    near = difflib.get_close_matches(top, RUNNER_KEYS, 1, 0.8)
    if near:
        return f'{introduction}{near[0]}{dot}{rest}?'
    full = list(_dotted(config))
    alike = [name for name in full if name.split('.')[0] in RUNNER_KEYS and (
        name.endswith(f'.{key}') or name.split('.')[-1] == key.split('.')[-1])]
    alike = sorted(alike, key=lambda name: (name.count('.'), not name.startswith(('train', 'model', 'optim'))))
    close = alike[:1] or difflib.get_close_matches(key, [n for n in full if n.split('.')[0] in RUNNER_KEYS], 1, 0.6)
    end = '?' if 'mean' in introduction else ''
    return f'{introduction}{close[0]}{end}' if close else ''


def _nearest(key: str, known: Collection[str]) -> str:
    """Return the end of a sentence that suggests the most similar known name, or lists all known names."""
    known = sorted(set(known) - {'self', 'args', 'kwargs'})
    if FORMER_NAMES.get(key) in known:
        return f'; it is now called {FORMER_NAMES[key]}'
    close = difflib.get_close_matches(key, known, 1, 0.6)
    return f'; did you mean {close[0]}?' if close else f': it has {", ".join(known)}'


def _dotted(tree: Any, prefix: str = '') -> Iterator[str]:
    """Yield every dotted key of nested dicts."""
    for key, value in tree.items():
        yield f'{prefix}{key}'
        if isinstance(value, dict):
            yield from _dotted(value, f'{prefix}{key}.')


def _typed(tree: Any, place: str = '') -> Iterator[Tuple[str, dict]]:
    """Yield every dict with a type under the keys that the runner reads, with its dotted key."""
    pairs: List[Tuple[Any, Any]] = []
    if isinstance(tree, (dict, Config)):
        if place and isinstance(tree.get('type'), str):
            yield place, tree  # type: ignore[misc]
        pairs = list(tree.items())
    elif isinstance(tree, (list, tuple)):
        pairs = list(enumerate(tree))
    for key, value in pairs:
        if place or key in RUNNER_KEYS:
            yield from _typed(value, f'{place}.{key}' if place else str(key))


def _arguments(kind: str) -> Optional[Set[str]]:
    """Return the argument names of a registered class or function, including those of base classes that get its
    ``**kwargs``; None if it is not registered or accepts anything.
    """
    target = _registered(kind)
    if target is None:
        return None
    names: Set[str] = set()
    for source in inspect.getmro(target) if inspect.isclass(target) else [target]:
        init = vars(source).get('__init__') if inspect.isclass(source) else source
        if not callable(init) or source is object:
            continue
        try:
            parameters = inspect.signature(init).parameters
        except ValueError:  # a class written in C
            return None
        names |= set(parameters)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return names
        name, module = (getattr(source, key, '') for key in ('__name__', '__module__'))
        if name not in CLOSED and not module.startswith(PASSING_ON):
            return None
    return names if getattr(target, '__name__', '') in CLOSED else None


def _registered(kind: str) -> Any:
    """Return the class or function registered under a name in any registry, without importing anything."""
    for module in (mmaction_registry, mmengine_registry):
        for registry in vars(module).values():
            if isinstance(registry, Registry) and kind in registry.module_dict:
                return registry.module_dict[kind]
    return None
