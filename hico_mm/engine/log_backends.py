"""Where a run is logged besides its work directory."""

from importlib.util import find_spec
from typing import Any, Dict, NamedTuple, Sequence

from mmengine.config import Config

from ..errors import UserError


class Backend(NamedTuple):
    """A service to log to: MMEngine's backend, and the package that it needs."""

    type: str
    package: str


BACKENDS: Dict[str, Backend] = {
    'tensorboard': Backend('TensorboardVisBackend', 'tensorboard'), 'wandb': Backend('WandbVisBackend', 'wandb')}


def add_backends(config: Config, names: Sequence[str], run: str) -> None:
    """Add backends to the visualizer of a config, in place, and check that their packages are installed.

    The log files in the work directory (``LocalVisBackend``) are always kept.

    Args:
        config: The config.
        names: Names of backends. A backend that the config already has is kept as it is.
        run: Name of the run.

    Raises:
        UserError: if a package of these backends, or of those in the config, is missing.
    """
    visualizer: Dict[str, Any] = dict(config.get('visualizer') or dict(type='ActionVisualizer'))
    there = list(visualizer.get('vis_backends') or ())
    kinds = [backend['type'] for backend in there]
    wanted = [dict(type='LocalVisBackend')] if names and 'LocalVisBackend' not in kinds else []
    for name in dict.fromkeys(names):
        if BACKENDS[name].type not in kinds:
            wanted.append(dict(type=BACKENDS[name].type, **_options(name, run)))
    if wanted:
        visualizer['vis_backends'] = [*there, *wanted]
        config.visualizer = visualizer
    _check_packages([backend['type'] for backend in (*there, *wanted)])


def _options(name: str, run: str) -> Dict[str, Any]:
    return dict(init_kwargs=dict(project='hico_mm', name=run)) if name == 'wandb' else {}


def _check_packages(kinds: Sequence[str]) -> None:
    for name, backend in BACKENDS.items():
        if backend.type in kinds and find_spec(backend.package) is None:
            raise UserError(f'logging to {name} needs the package {backend.package}, which is not installed: pip '
                            f'install {backend.package}, or remove {backend.type} from visualizer.vis_backends and '
                            f'{name} from --log-to')
