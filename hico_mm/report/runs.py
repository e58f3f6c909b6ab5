"""Open a run: its checkpoint, its config, its model and its data."""

import logging
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ..apis import init_model
from ..checkpoints import Description, EncoderSource
from ..engine.loaders import sequential
from ..errors import UserError
from ..models.heads import HierarchicalClsHead
from ..models.recognizers import SkeletonRecognizer
from ..wiring import read_config
from ..wiring.complete import plain

ROLES = dict(train='train_dataloader', test='test_dataloader')


class Run(NamedTuple):
    """A trained model and the data of its run.

    Args:
        name: Name to show.
        folder: Work directory.
        checkpoint: The checkpoint.
        config: The config that the run saved.
        description: The checkpoint's description.
        model: The model, in eval mode.
    """

    name: str
    folder: Path
    checkpoint: Path
    config: Config
    description: Description
    model: Any

    @property
    def level(self) -> str:
        """Level of the features that the head uses."""
        return getattr(self.model.cls_head, 'level', 'instance') if self.model.with_cls_head else 'instance'

    @property
    def has_classifier(self) -> bool:
        """Whether the model has a trained classifier."""
        return self.model.with_cls_head and isinstance(self.model.cls_head, HierarchicalClsHead)


def open_run(place: Union[str, Path], name: Optional[str] = None, device: str = 'cpu') -> Run:
    """Open a work directory, with its last checkpoint, or a checkpoint in a work directory.

    Args:
        place: The folder or the checkpoint.
        name: Name to show. Defaults to the name of the folder.
        device: Device of the model. Defaults to 'cpu'.

    Raises:
        UserError: if there is no checkpoint or config, or the model has no hierarchical features.
    """
    checkpoint = find_checkpoint(Path(place))
    folder = checkpoint.parent
    config = read_config(str(find_run_config(folder)))
    init_default_scope(config.get('default_scope', 'mmaction'))
    source = EncoderSource.open(checkpoint)
    if source.description is None:
        raise UserError(f'{checkpoint} does not record its model: train it with this version, or convert it')
    model = init_model(None, checkpoint, device)
    if not isinstance(model, SkeletonRecognizer):
        raise UserError(f'the model in {checkpoint} is a {type(model).__name__}, which has no hierarchical features: '
                        'give a run of HiCo or SkeletonRecognizer')
    return Run(name or folder.resolve().name, folder, checkpoint, config, source.description, model)


def find_checkpoint(place: Path) -> Path:
    """Return the last checkpoint of a work directory; a checkpoint is returned unchanged.

    The best checkpoint is not used by default, because it is chosen on the test split.

    Raises:
        UserError: if there is none.
    """
    if place.is_file():
        return place
    if not place.is_dir():
        raise UserError(f'{place} does not exist: give the --work-dir of a training run, or a checkpoint in it')
    noted = place / 'last_checkpoint'
    if noted.is_file():
        last = place / Path(noted.read_text().strip()).name  # the folder may have been moved
        if last.is_file():
            return last
    found = sorted(place.glob('*.pth'), key=_age)
    if not found:
        raise UserError(f'{place} has no checkpoint (*.pth): give the --work-dir of a training run')
    return found[-1]


def _age(path: Path) -> Any:
    """Order checkpoints: those of an epoch by its number, before any best ones, which come from an earlier epoch."""
    match = re.fullmatch(r'(?:epoch|iter)_(\d+)', path.stem)
    return (match is not None, int(match[1]) if match else 0, path.stat().st_mtime)


def find_run_config(folder: Path) -> Path:
    """Return the config that a run saved in its work directory: that of its newest log of training, if there is one.

    Raises:
        UserError: if there is none.
    """
    for log in sorted(folder.glob('*/vis_data/scalars.json'), reverse=True):
        if '"loss"' in log.read_text() and (log.parent / 'config.py').is_file():
            return log.parent / 'config.py'
    found = list(folder.glob('*.py'))
    if not found:
        raise UserError(f'{folder} has no config (*.py) that says which data it was trained on: give the --work-dir of '
                        'a training run')
    return max(found, key=lambda path: path.stat().st_mtime)


def loaders_of(run: Run) -> Dict[str, DataLoader]:
    """Build loaders of the training and test splits, in order and without augmentation: 'train' and 'test'.

    Raises:
        UserError: if the config has no such split, or its annotation cannot be used.
    """
    MMLogger.get_current_instance().setLevel(logging.WARNING)  # datasets tell how many clips they have
    loaders = {}
    for role, key in ROLES.items():
        config = run.config.get(key) or (run.config.get('val_dataloader') if role == 'test' else None)
        if config is None:
            raise UserError(f'the config in {run.folder} has no {key}, so there is nothing to compare: add it, as in '
                            'configs/_base_/datasets')
        config = {**sequential(plain(config)), 'num_workers': 0, 'persistent_workers': False}
        config.pop('prefetch_factor', None)
        if 'dataset' in config and 'ann_file' in config['dataset'] and run.description.load_pipeline is not None:
            config['dataset']['load_pipeline'] = plain(run.description.load_pipeline)
        loaders[role] = Runner.build_dataloader(config, seed=0)
    return loaders


def same_encoder(a: Any, b: Any) -> bool:
    """Return whether two models have equal weights in backbone and neck, so that their features are the same."""
    def weights(model: Any) -> Dict[str, Any]:
        return {name: value for name, value in model.state_dict().items() if name.startswith(('backbone.', 'neck.'))}

    mine, theirs = weights(a), weights(b)
    return mine.keys() == theirs.keys() and all(
        value.shape == theirs[name].shape and bool((value == theirs[name]).all()) for name, value in mine.items())


def paired(runs: List[Run]) -> List[List[Run]]:
    """Group runs: a pretraining run, and the first classifier that was trained on exactly its encoder.

    Returns:
        Groups of one or two runs, in the order given.
    """
    groups = [[run] for run in runs if not run.has_classifier]
    for run in (run for run in runs if run.has_classifier):
        partner = next((group for group in groups if len(group) == 1 and not group[0].has_classifier
                        and group[0].level == run.level and same_encoder(group[0].model, run.model)), None)
        if partner is not None:
            partner.append(run)
        else:
            groups.append([run])
    places = {id(run): place for place, run in enumerate(runs)}
    return sorted(groups, key=lambda group: min(places[id(run)] for run in group))


def check_names(runs: Sequence[Run]) -> None:
    """Check that runs can be told apart.

    Raises:
        UserError: if two have the same name.
    """
    names = [run.name for run in runs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f'two runs are called {twice}: give each run a name with --names')
