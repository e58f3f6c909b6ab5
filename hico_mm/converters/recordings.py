"""Convert recordings of your own, in any format that has a reader."""

import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ..datasets.annotation import read_annotation
from ..datasets.checks import UNLABELLED, label_of
from ..errors import UserError
from ..structures import SkeletonLayout, get_layout
from .class_names import read_class_names
from .convert import Conversion, Reading
from .items import Item, find_items
from .manifest import apply_manifest
from .own_splits import SplitRule, check_rule, make_splits
from .plausible import implausible
from .readers.common import upright
from .registry import MOST_FPS, Read, Reader, ReadOptions, Recording
from .resample import resample
from .tracks import most_seen

MOST_PERSONS = 4  # in a clip with fewer frames than persons
LOOKED_AT = 5  # number of clips read to find the skeleton of a format that has several


class Wishes(NamedTuple):
    """What a user wants of a conversion.

    Args:
        manifest: CSV file with label, subject, camera and split of each file. Defaults to None.
        classes: Text file with the names of the classes, one a line. Defaults to None, which sorts the labels.
        labels: Whether to use labels at all. Defaults to True.
        rule: How to make the splits.
        options: What the user says about the files.
    """

    manifest: Optional[Path] = None
    classes: Optional[Path] = None
    labels: bool = True
    rule: SplitRule = SplitRule()
    options: ReadOptions = ReadOptions()


def plan_recordings(source: Path, reader: Reader, wishes: Wishes, out: Path) -> Conversion:
    """Plan the conversion of the recordings in a file or folder.

    Args:
        source: The file or folder; files may be at any depth.
        reader: How to read them.
        wishes: What the user wants.
        out: The file that will be written, which is not read.

    Raises:
        UserError: if there are no such files, or the manifest, classes or splits do not fit them; if ``out`` is one of
            them.
    """
    _check_out(out, source, reader)
    found = find_items(source, reader, [out, *([wishes.manifest] if wishes.manifest else [])])
    items, faults, notes = found
    doubts: List[str] = []
    if wishes.manifest and items:
        items, more_faults, doubts = apply_manifest(wishes.manifest, source, items)
        faults = faults + more_faults
    if not wishes.labels:
        items = [item._replace(facts=item.facts._replace(label=None)) for item in items]
    labels = [item.facts.label for item in items if item.facts.label]
    numbers, classes = number_classes(labels, wishes.classes)
    facts = {item.name: item.facts for item in items}
    check_rule(wishes.rule, facts, bool(labels))
    layout = wishes.options.layout or reader.layout or _layout_of(items, reader, wishes.options)
    return Conversion(
        items, layout, partial(read_item, read=reader.read, options=wishes.options, numbers=numbers,
                               own_labels=wishes.labels and not labels, num_classes=len(classes) if classes else None),
        partial(make_splits, rule=wishes.rule, facts=facts), faults=faults, doubts=doubts, notes=notes,
        classes=classes,
        nothing=f'no clip of format {reader.name} was read from {source} ({" or ".join(reader.suffixes)})',
        describe=partial(_describe, classes=classes), chunk=4,
        suspect=partial(implausible, layout=get_layout(layout)))


def _check_out(out: Path, source: Path, reader: Reader) -> None:
    """Check that the file to write is not one of the recordings. It may be an annotation, as from an earlier run."""
    if not out.is_file() or out.suffix.lower() not in reader.suffixes:
        return
    inside = out.samefile(source) or source.resolve() in out.resolve().parents
    if inside and reader.matches(out):
        try:
            read_annotation(out)
        except UserError:
            raise UserError(f'{out} is a recording to read, so it cannot be the annotation to write: choose another '
                            '--out') from None


def read_item(item: Item, read: Read, options: ReadOptions, numbers: Dict[str, int], own_labels: bool,
              num_classes: Optional[int] = None) -> Reading:
    """Read a clip.

    Args:
        item: The clip.
        read: Reads its files.
        options: What the user says about the files.
        numbers: Number of each class.
        own_labels: Whether the label that the file itself gives counts.
        num_classes: Number of classes, if they have names. Defaults to None.

    Raises:
        UserError: if it cannot be used. The message does not name the file.
    """
    recording = safely(read, item, options)
    number = numbers[item.facts.label] if item.facts.label else recording.label if own_labels else None
    if number is not None and num_classes is not None and not 0 <= number < num_classes:
        raise UserError(f'has label {number}, but --classes has {num_classes} names, for labels 0 to {num_classes - 1}')
    return [to_clip(recording, item, options, number)], []


def safely(read: Read, item: Item, options: ReadOptions) -> Recording:
    """Read the files of a clip. Any error that a reader did not expect is one of the file.

    Raises:
        UserError: if it cannot be read. The message does not name the file.
    """
    try:
        recording = read(list(item.files), options)
        if not isinstance(recording, Recording):
            raise TypeError(f'its reader returned {type(recording).__name__}, not Recording')
        return recording
    except (UserError, OSError):
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise UserError(f'is not in the expected format ({type(error).__name__}: {str(error)[:100]})') from error


def to_clip(recording: Recording, item: Item, options: ReadOptions, label: Optional[int]) -> dict:
    """Make the annotation of a clip.

    Raises:
        UserError: if the scores do not fit the keypoints, or the size of the picture is needed.
    """
    keypoint, score = np.asarray(recording.keypoint), recording.score
    if keypoint.ndim != 4 or keypoint.shape[-1] not in (2, 3) or keypoint.dtype.kind not in 'iuf':
        return dict(frame_dir=item.name, keypoint=keypoint)  # is refused, with the reason
    if len(keypoint) > max(keypoint.shape[1], MOST_PERSONS):
        raise UserError(f'has {len(keypoint)} persons in {keypoint.shape[1]} frame(s), so its axes are probably '
                        'swapped: they must be persons, frames, joints and coordinates')
    keypoint = np.where(np.isnan(keypoint).any(-1, keepdims=True), 0, keypoint).astype(np.float32)
    if score is not None and np.shape(score) != keypoint.shape[:3]:
        raise UserError(f'has scores of shape {np.shape(score)} for keypoints of shape {keypoint.shape}')
    if score is not None:
        score = np.nan_to_num(np.asarray(score, np.float32))
    keypoint, score = most_seen(keypoint, score, options.persons)
    size, fps = options.img_shape or recording.img_shape, options.fps or recording.fps
    fps = fps if fps and 0 < fps < MOST_FPS else None
    if options.resample_fps is not None:
        if fps is None:
            raise UserError('does not say its frame rate, so it cannot be resampled: give its frames per second with '
                            '--fps')
        keypoint, score = resample(keypoint, score, fps, options.resample_fps)
        fps = options.resample_fps
    if options.img_shape is not None and keypoint.shape[-1] == 3:
        raise UserError('has three coordinates, so --img-shape has no meaning: leave it out')
    known = dict(
        label=label, keypoint_score=score, fps=fps,
        subject=item.facts.subject, camera=item.facts.camera,
        img_shape=_scaled(recording, options) if keypoint.shape[-1] == 2 else None)
    keypoint = _turn(keypoint, size) if options.upside_down else keypoint
    keypoint = np.ascontiguousarray(keypoint * np.float32(options.scale))
    return dict(frame_dir=item.name, total_frames=keypoint.shape[1], keypoint=keypoint,
                **{key: value for key, value in known.items() if value is not None})


def _scaled(recording: Recording, options: ReadOptions) -> Optional[Tuple[int, int]]:
    """Return the size of the pictures after scaling: as the user says, or that of the file, scaled."""
    if options.img_shape or recording.img_shape is None:
        return options.img_shape
    height, width = (max(1, round(side * options.scale)) for side in recording.img_shape)
    return height, width


def _turn(keypoint: np.ndarray, size: Optional[Tuple[int, int]]) -> np.ndarray:
    """Turn a clip upside down: in space by half a turn about z, in a picture by counting y from the other side."""
    if keypoint.shape[-1] == 3:
        return upright(keypoint).astype(np.float32)
    if size is None:
        raise UserError('needs the height of its pictures to be turned upside down: give --img-shape HEIGHT WIDTH')
    x, y = np.moveaxis(keypoint, -1, 0)
    return np.stack([x, np.where((x != 0) | (y != 0), size[0] - y, 0)], -1)


def number_classes(labels: Sequence[str], file: Optional[Path] = None) -> Tuple[Dict[str, int], Optional[List[str]]]:
    """Return the number of each label, and the names of the classes.

    Labels that are all whole numbers are the numbers themselves, and the classes have no names. Otherwise the classes
    are those of the file in its order, or the sorted labels.

    Raises:
        UserError: if a label is not in the file, or the file is not a list of names; if all labels are whole numbers,
            and some are written in another way, or below 0.
    """
    others = [label for label in labels if not label.isdecimal()]
    if file is None and not others:
        return {label: int(label) for label in labels}, None
    if file is None and all(map(_is_whole, labels)):
        raise UserError(f'the label {others[0]} is not the number of a class, such as 7: correct it, or leave it empty '
                        'in the manifest if the clip has none; --classes FILE gives names to labels as they are')
    names = read_class_names(file) if file else sorted(set(labels))
    wrong = sorted(set(labels) - set(names))
    if wrong:
        raise UserError(f'{file} does not have the class {wrong[0]}: it has {", ".join(names[:20])}')
    return {name: number for number, name in enumerate(names)}, names


def _is_whole(text: str) -> bool:
    """Return whether a text is a whole number, such as 7, -1 or 1.0."""
    return re.fullmatch(r'[+-]?\d+(\.0*)?', text) is not None


def _layout_of(items: Sequence[Item], reader: Reader, options: ReadOptions) -> Union[str, SkeletonLayout]:
    """Return the skeleton of most of the first clips that can be read. If there is none, any will do.

    Raises:
        UserError: if these clips do not say it.
    """
    layouts: List[Any] = []
    for item in items[:LOOKED_AT]:
        try:
            layouts.append(safely(reader.read, item, options).layout)
        except (OSError, UserError):
            continue
    layout = Counter(layouts).most_common(1)[0][0] if layouts else 'ntu'
    if layout is None:
        raise UserError(f'files of format {reader.name} do not say their skeleton: name it with --layout')
    return layout


def _describe(clips: List[dict], classes: Optional[List[str]]) -> str:
    """Describe clips: persons and classes."""
    persons = Counter(len(clip['keypoint']) for clip in clips)
    who = ', '.join(f'{count} with {number} person{"s" if number > 1 else ""}'
                    for number, count in sorted(persons.items()))
    frames = sum(clip['total_frames'] for clip in clips)
    nobody = sum(int((~clip['keypoint'].any((0, 2, 3))).sum()) for clip in clips)
    who += f', nobody in {nobody} of the {frames} frames' if nobody else ''
    counts = Counter(label_of(clip) for clip in clips)
    bare = counts.pop(UNLABELLED, 0)
    names = [f'{classes[label] if classes else label}: {counts[label]}' for label in sorted(counts)]
    shown = ', '.join(names[:20]) + (', ...' if len(names) > 20 else '')
    return f'{len(clips)} clips, {who}; ' + '; '.join(
        part for part in (f'classes {shown}' if names else '', f'{bare} without a label' if bare else '') if part)
