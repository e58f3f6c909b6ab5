"""The skeleton annotation of MMAction2: its clips and its splits."""

from os import PathLike
from typing import Any, Dict, List, NamedTuple, Optional, Union

from ..errors import UserError
from .checks import are_names, clip_name, is_name
from .safe_pickle import load_plain_pickle

FORM = ('it must contain {"split": {name: [frame_dir]}, "annotations": [{"frame_dir", "label", "keypoint"}]}, as '
        'written by hico-mm convert')


class Annotation(NamedTuple):
    """The contents of an annotation file. Its clips may be invalid, see :func:`~hico_mm.datasets.checks.clip_fault`.

    Args:
        path: The file.
        clips: The annotated clips, dicts.
        splits: Clip names by split name.
        classes: Names of the classes, or None if not known.
    """

    path: str
    clips: List[dict]
    splits: Dict[str, List[str]]
    classes: Optional[List[str]]

    def of_split(self, split: Optional[str]) -> List[dict]:
        """Return the clips of a split in its order, without names that have no annotation. None returns all clips.

        Raises:
            UserError: if there is no such split.
        """
        if split is None:
            return list(self.clips)
        if not self.splits:
            raise UserError(f'{self.path} has no splits, so there is no split "{split}": {FORM}')
        if split not in self.splits:
            raise UserError(f'{self.path} has no split "{split}": it has {sorted(self.splits)}')
        places = {name: place for place, name in enumerate(self.splits[split])}
        clips = [clip for clip in self.clips if is_name(clip_name(clip)) and clip_name(clip) in places]
        return sorted(clips, key=lambda clip: places[clip_name(clip)])


def read_annotation(path: Union[str, PathLike]) -> Annotation:
    """Read an annotation file; a bare list of clips has no splits.

    Raises:
        FileNotFoundError: if there is no such file.
        UserError: if it is damaged or not a skeleton annotation; the message names the file.
    """
    content = load_plain_pickle(path)
    if isinstance(content, list):
        content = dict(annotations=content)
    clips = content.get('annotations') if isinstance(content, dict) else None
    if not isinstance(clips, list) or not all(isinstance(clip, dict) for clip in clips):
        raise UserError(f'{path} is not a skeleton annotation: {FORM}')
    classes = content.get('classes')
    if classes is not None and not are_names(classes):
        raise UserError(f'"classes" in {path} is not a list of names: {FORM}')
    return Annotation(str(path), clips, _splits(content.get('split', {}), path),
                      None if classes is None else list(map(str, classes)))


def _splits(splits: Any, path: object) -> Dict[str, List[str]]:
    if not isinstance(splits, dict) or not all(map(is_name, splits)):
        raise UserError(f'"split" in {path} is not a dict of lists: {FORM}')
    for split, names in splits.items():
        if not are_names(names):
            raise UserError(f'split "{split}" in {path} is not a list of clip names: {FORM}')
    return {str(split): list(map(str, names)) for split, names in splits.items()}
