"""Take an encoder, which is everything before the head, from a checkpoint."""

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
from .origin import Origin

SLOTS = ('data_preprocessor', 'backbone', 'neck')
# Settings that supervised training may choose for itself: its augmented views, and how batches are copied.
FREE = ('train_views', 'non_blocking')


class EncoderSource(NamedTuple):
    """The source of an encoder.

    Args:
        path: The file.
        model: Config of its model; empty if a checkpoint does not record it.
        load_pipeline: Deterministic transforms of its clips, or None if not known.
        checkpoint: The checkpoint, or None for a config, whose encoder is untrained.
        description: The checkpoint's description, or None if it has none.
    """

    path: str
    model: Dict[str, Any]
    load_pipeline: Optional[list] = None
    checkpoint: Optional[dict] = None
    description: Optional[Description] = None

    @classmethod
    def open(cls, path: Union[str, Path]) -> 'EncoderSource':
        """Open a checkpoint, or a config (``.py``, or its name) for an untrained encoder.

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
    """Return whether a model is a recognizer that can take its encoder from a checkpoint."""
    kind = model.get('type')
    return is_a(MODELS, kind, ('SkeletonRecognizer', )) and not is_a(MODELS, kind, ('HiCo', ))


def leaves_encoder_out(model: Mapping) -> bool:
    """Return whether the config of a model omits the encoder, so that a checkpoint must provide it."""
    return takes_encoder(model) and model.get('backbone') is None


def take_encoder(model: Mapping, source: EncoderSource) -> dict:
    """Fill a recognizer's config with the encoder of a checkpoint: preprocessor, backbone and neck.

    The augmented views for training stay those of the recognizer.

    Args:
        model: Config of a ``SkeletonRecognizer``.
        source: Where the encoder comes from.

    Raises:
        UserError: if the config contradicts the checkpoint (the message names both values and the file); if the
            source has no encoder with hierarchical features; or if neither the source nor the config describes the
            encoder.
    """
    model = {key: value for key, value in plain(model).items() if key != 'pretrained'}
    if not source.model:
        if model.get('backbone') is None:
            raise UserError(f'{source.path} does not record its model, and the config has no backbone: add the '
                            "encoder's data_preprocessor, backbone and neck to the config")
        return model
    known = plain(source.model)
    if known.get('neck') is None and (known.get('backbone') or {}).get('type') != 'RawCoordinates':
        raise UserError(f'the model in {source.path} is a {known.get("type")} without a neck, so it has no '
                        'hierarchical features to evaluate: use a checkpoint of HiCo or SkeletonRecognizer')
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
    """Apply :func:`take_encoder` to a whole config, in place.

    The datasets are set to prepare their clips in the same way as the checkpoint's training data.

    Raises:
        UserError: as in :func:`take_encoder`; also if a dataset has a different skeleton or load pipeline.
    """
    config.model = take_encoder(config.model, source)
    layout = (source.model.get('data_preprocessor') or {}).get('layout')
    for where, dataset in skeleton_datasets(config):
        if layout is not None and dataset.get('layout') is not None and not same(dataset['layout'], layout):
            theirs, mine = get_layout(layout), get_layout(dataset['layout'])
            raise UserError(f'{source.path} is an encoder for the skeleton "{theirs.name}" ({theirs.num_joints} '
                            f'joints), but {where}.layout is "{mine.name}" ({mine.num_joints} joints): an encoder '
                            'can only be evaluated on clips with the same skeleton')
        if source.load_pipeline is None:
            continue
        given = dataset.get('load_pipeline')
        if given is not None and not _agree(given, source.load_pipeline):
            raise UserError(_contradiction(f'{where}.load_pipeline', given, source.load_pipeline, source))
        dataset['load_pipeline'] = plain(source.load_pipeline)  # complete, even if the config gives only a part of it


def _contradiction(place: str, mine: Any, theirs: Any, source: EncoderSource) -> str:
    remedy = 'leave it out, since its value comes from the checkpoint, or use a checkpoint with that value'
    if source.checkpoint is None:
        remedy = 'change it there, or use the config that a run saved in its work directory'
    return f'{source.path} has {place}={theirs!r}, but the config sets {mine!r}: {remedy}'


def _contradictions(given: Any, known: Any, place: str, complete: bool = True) -> Iterator[Tuple[str, Any, Any]]:
    """Yield the differences between a config and a checkpoint: key, config value, checkpoint value.

    A config may omit any key. With ``complete``, a key that the checkpoint omits counts as a difference.
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
    """Return whether a config value agrees with the checkpoint. Dicts in the config may omit arguments."""
    if isinstance(given, (list, tuple)) and isinstance(known, (list, tuple)):
        return len(given) == len(known) and all(map(_agree, given, known))
    if isinstance(given, dict) and isinstance(known, dict) and 'parents' not in given:
        return not list(_contradictions(given, known, ''))
    return same(given, known)


def check_same_encoder(model: Mapping, known: Mapping, source: object) -> None:
    """Check that the completed config of a model has the same encoder as a checkpoint.

    Raises:
        UserError: if they differ; the message names the first difference, both values and the file.
    """
    for slot in SLOTS:
        given, has = model.get(slot), known.get(slot)
        if not isinstance(given, dict) or not isinstance(has, dict):
            continue
        for place, mine, theirs in _contradictions(plain(given), has, f'model.{slot}'):
            raise UserError(f'{source} has {place}={theirs!r}, but the config has {mine!r}: use the config it was '
                            'trained with, or one that takes the encoder from the checkpoint (configs/README.md)')


def check_same_head(model: Mapping, known: Mapping, source: object) -> None:
    """Check that the completed config of a model computes the scores of its classifier as a checkpoint does.

    Raises:
        UserError: if they are heads of one type with another level, or only one of them standardises its features.
    """
    given, has = model.get('cls_head'), known.get('cls_head')
    if not isinstance(given, dict) or not isinstance(has, dict) or not same(given.get('type'), has.get('type')):
        return
    for key in 'level', 'standardize':
        if key in given and key in has and given[key] != has[key]:
            raise UserError(f'{source} has model.cls_head.{key}={has[key]!r}, but the config has {given[key]!r}: use '
                            'the config it was trained with, or set this value')


def check_same_source(resumed: Union[str, Path], named: str) -> None:
    """Check that a run that is resumed started from the encoder that is named for it.

    Args:
        resumed: A checkpoint of the run. If it has no description, it is not checked.
        named: The checkpoint; or a config or 'none', for an untrained encoder.

    Raises:
        UserError: if it started from another one, or ``named`` does not exist.
    """
    description = EncoderSource.open(resumed).description
    source = None if named == 'none' else EncoderSource.open(named)
    if description is None:
        return
    before, now = description.encoder, None
    if source is not None and source.checkpoint is not None:
        now = Origin.of(named, source.description).record
    if (before is None) != (now is None) or not _agree_on_origin(before or {}, now or {}):
        start = 'an untrained encoder' if before is None else before.get('file')
        raise UserError(f'the run of {resumed} started from {start}, not from {named} as it is now: to resume it, '
                        'leave --pretrained out; to start a new run, leave --resume out')


def _agree_on_origin(before: Mapping, now: Mapping) -> bool:
    """Return whether two records of an origin are of one checkpoint, which may have been renamed."""
    shared = before.keys() & now.keys() - {'file', 'input_format'} or {'file'}
    return all(before.get(key) == now.get(key) for key in shared)


def check_same_preparation(mine: Sequence, theirs: Sequence, where: str, source: object,
                           uses: str = 'was trained on') -> None:
    """Check that a dataset prepares its clips in the same way as the training data of a checkpoint.

    Args:
        mine: Load pipeline of the dataset.
        theirs: That of the training data.
        where: The dataset, for the message.
        source: The checkpoint, for the message.
        uses: What the checkpoint does with its clips, for the message. Defaults to 'was trained on'.

    Raises:
        UserError: if it does not; the message names both pipelines and the file.
    """
    if not _agree(list(mine), list(theirs)):
        raise UserError(f'{source} {uses} clips prepared by {list(theirs)}, but {where}.load_pipeline is '
                        f'{list(mine)}: set it to the same value in every dataset')
