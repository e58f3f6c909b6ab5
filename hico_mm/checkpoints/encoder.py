"""Taking an encoder, everything before the head, from a checkpoint."""

from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from mmaction.registry import MODELS
from mmengine.config import Config

from ..errors import UserError
from ..shipped import find_config
from ..structures import get_layout
from ..wiring import check_argument, is_a, read_config, skeleton_datasets
from ..wiring.complete import plain, same
from .description import META_KEY, Description, describe
from .file import load_checkpoint

SLOTS = ('data_preprocessor', 'backbone', 'neck')
# What training with labels may have its own of: its augmented views, and how batches are copied.
FREE = ('train_views', 'non_blocking')


class EncoderSource(NamedTuple):
    """Where an encoder is taken from.

    Args:
        path: The file.
        model: Config of its model; empty if a checkpoint does not say.
        load_pipeline: Deterministic transforms of its clips, None if they are not known.
        checkpoint: The checkpoint, None for a config, whose encoder is untrained.
        description: The checkpoint's description, None if it has none.
    """

    path: str
    model: Dict[str, Any]
    load_pipeline: Optional[list] = None
    checkpoint: Optional[dict] = None
    description: Optional[Description] = None

    @classmethod
    def open(cls, path: Union[str, Path]) -> 'EncoderSource':
        """Open a checkpoint, or a config (``.py``, or a name), which stands for its encoder with untrained weights.

        Raises:
            UserError: if the file is missing or damaged.
        """
        config = find_config(path)
        if config.suffix == '.py':
            return cls._of_config(str(config))
        checkpoint = load_checkpoint(path)
        meta = checkpoint.get('meta')
        if not isinstance(meta, Mapping) or META_KEY not in meta:
            return cls(str(path), {}, checkpoint=checkpoint)
        description = describe(checkpoint, path)
        return cls(str(path), description.model, description.load_pipeline, checkpoint, description)

    @classmethod
    def _of_config(cls, path: str) -> 'EncoderSource':
        if not Path(path).is_file():
            raise UserError(f'{path} does not exist: give a checkpoint, or a config for its untrained encoder')
        config = read_config(path)
        if not isinstance(config.get('model'), dict) or config.model.get('backbone') is None:
            raise UserError(f'{path} has no model with a backbone: give a checkpoint, or a pretraining config for its '
                            'untrained encoder')
        datasets = [dataset for _, dataset in skeleton_datasets(config)]
        return cls(path, plain(config.model), plain(datasets[0].get('load_pipeline')) if datasets else None)


def takes_encoder(model: Mapping) -> bool:
    """Whether a model is a recognizer that can take its encoder from a checkpoint."""
    kind = model.get('type')
    return is_a(MODELS, kind, ('SkeletonRecognizer', )) and not is_a(MODELS, kind, ('HiCo', ))


def leaves_encoder_out(model: Mapping) -> bool:
    """Whether the config of a model leaves its encoder to a checkpoint."""
    return takes_encoder(model) and model.get('backbone') is None


def take_encoder(model: Mapping, source: EncoderSource) -> dict:
    """A recognizer's config with the encoder of a checkpoint: preprocessor, backbone and neck.

    Views for training are the recognizer's own.

    Args:
        model: Config of a ``SkeletonRecognizer``.
        source: Where the encoder comes from.

    Raises:
        UserError: if the config contradicts the checkpoint; the message names both values and the file. If the source
            has no encoder with hierarchical features, or does not say which it has and the config does not either.
    """
    model = {key: value for key, value in plain(model).items() if key != 'pretrained'}
    if not source.model:
        if model.get('backbone') is None:
            raise UserError(f'{source.path} does not say which model it is of, and the config has no backbone: write '
                            'data_preprocessor, backbone and neck of its encoder into the config')
        return model
    known = plain(source.model)
    if known.get('neck') is None and (known.get('backbone') or {}).get('type') != 'RawCoordinates':
        raise UserError(f'{source.path} is of a {known.get("type")} without a neck, so it has no hierarchical features '
                        'to evaluate: take a checkpoint of HiCo or SkeletonRecognizer')
    for slot in SLOTS:
        given, has = model.get(slot) or {}, known.get(slot) or {}
        for place, mine, theirs in _contradictions(given, has, f'model.{slot}', source.checkpoint is not None):
            raise UserError(_contradiction(place, mine, theirs, source))
        if has or given:
            free = {key: given[key] for key in FREE if key in given}
            model[slot] = {**given, **{key: value for key, value in has.items() if key not in FREE}, **free}
        else:
            model[slot] = None
    return model


def take_encoder_into(config: Config, source: EncoderSource) -> None:
    """:func:`take_encoder` for a whole config, in place: the datasets prepare their clips as the checkpoint's did.

    Raises:
        UserError: as :func:`take_encoder`; also if a dataset has another skeleton or another load pipeline.
    """
    config.model = take_encoder(config.model, source)
    layout = (source.model.get('data_preprocessor') or {}).get('layout')
    for where, dataset in skeleton_datasets(config):
        if layout is not None and dataset.get('layout') is not None and not same(dataset['layout'], layout):
            theirs, mine = get_layout(layout), get_layout(dataset['layout'])
            raise UserError(f'{source.path} is an encoder for the skeleton "{theirs.name}" ({theirs.num_joints} '
                            f'joints), but {where}.layout is "{mine.name}" ({mine.num_joints} joints): an encoder '
                            'can be evaluated on clips of its own skeleton only')
        if source.load_pipeline is None:
            continue
        given = dataset.get('load_pipeline')
        if given is not None and not _agree(given, source.load_pipeline):
            raise UserError(_contradiction(f'{where}.load_pipeline', given, source.load_pipeline, source))
        dataset['load_pipeline'] = plain(source.load_pipeline)  # whole, where the config says a part of it


def _contradiction(place: str, mine: Any, theirs: Any, source: EncoderSource) -> str:
    remedy = 'leave it out, since the checkpoint knows it, or use a checkpoint with that value'
    if source.checkpoint is None:
        remedy = 'change it there, or give the config that a run wrote into its work directory'
    return f'{source.path} has {place}={theirs!r}, but the config sets {mine!r}: {remedy}'


def _contradictions(given: Any, known: Any, place: str, complete: bool = True) -> Iterator[Tuple[str, Any, Any]]:
    """Where a config differs from a checkpoint: place, value of the config, value of the checkpoint.

    A config may leave anything out. ``complete`` says that what the checkpoint leaves out it does not have.
    """
    for key, value in given.items():
        where = f'{place}.{key}'
        if key in FREE or value is None:
            continue
        if key not in known:
            check_argument(known.get('type'), key, where)
            if complete:
                yield where, value, None
        elif isinstance(value, dict) and isinstance(known[key], dict) and 'parents' not in value:
            yield from _contradictions(value, known[key], where, complete)
        elif not _agree(value, known[key]):
            yield where, value, known[key]


def _agree(given: Any, known: Any) -> bool:
    """Whether a value of a config is the checkpoint's, where dicts may leave arguments out."""
    if isinstance(given, (list, tuple)) and isinstance(known, (list, tuple)):
        return len(given) == len(known) and all(map(_agree, given, known))
    if isinstance(given, dict) and isinstance(known, dict) and 'parents' not in given:
        return not list(_contradictions(given, known, ''))
    return same(given, known)


def check_same_encoder(model: Mapping, known: Mapping, source: object) -> None:
    """Check that the completed config of a model has the encoder that a checkpoint has.

    Raises:
        UserError: naming the first difference, both values and the file.
    """
    for slot in SLOTS:
        given, has = model.get(slot), known.get(slot)
        if not isinstance(given, dict) or not isinstance(has, dict):
            continue
        for place, mine, theirs in _contradictions(plain(given), has, f'model.{slot}'):
            raise UserError(f'{source} has {place}={theirs!r}, but the config has {mine!r}: use the config it was '
                            'trained with, or one that takes the encoder from the checkpoint (configs/README.md)')


def check_same_preparation(mine: Sequence, theirs: Sequence, where: str, source: object) -> None:
    """Check that the clips of a dataset are prepared as those of a checkpoint were.

    Raises:
        UserError: naming both pipelines and the file.
    """
    if not _agree(list(mine), list(theirs)):
        raise UserError(f'{source} was trained on clips prepared by {list(theirs)}, but {where}.load_pipeline is '
                        f'{list(mine)}: set it to the same in every dataset')
