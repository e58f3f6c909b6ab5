"""The origin of an encoder's weights."""

from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Union

from .description import Description


class Origin(NamedTuple):
    """The checkpoint that an encoder came from. Models store it as ``origin``, which is None for untrained weights.

    It is set by ``SkeletonRecognizer(pretrained=...)``, and by ``CheckpointFitHook`` when a checkpoint is loaded.

    Args:
        path: The file.
        record: Its name and its description without the model, as saved in checkpoints that start from it.
    """

    path: str
    record: Dict[str, Any]

    @classmethod
    def of(cls, path: Union[str, Path], description: Optional[Description]) -> 'Origin':
        """Return the origin for a checkpoint, with or without a description."""
        known = description.origin() if description is not None else {}
        return cls(str(path), dict(file=Path(path).name, **known))

    @classmethod
    def of_resumed(cls, description: Optional[Description]) -> 'Optional[Origin]':
        """Return the origin of the run that a resumed checkpoint belongs to."""
        record = description.encoder if description is not None else None
        return cls(str(record.get('file')), record) if record else None


def origin_of(model: Any) -> Optional[Origin]:
    """Return the origin of a model's encoder, or None if its weights are untrained."""
    return getattr(model, 'origin', None)
