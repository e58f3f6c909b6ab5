"""Where the weights of an encoder came from."""

from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Union

from .description import Description


class Origin(NamedTuple):
    """The checkpoint that an encoder came from; a model carries it as ``origin``, None if its weights are untrained.

    ``SkeletonRecognizer(pretrained=...)`` sets it, and ``CheckpointFitHook`` when a checkpoint is loaded into a model.

    Args:
        path: The file.
        record: Its name and its description without the model, as checkpoints that start from it keep them.
    """

    path: str
    record: Dict[str, Any]

    @classmethod
    def of(cls, path: Union[str, Path], description: Optional[Description]) -> 'Origin':
        """The origin that a checkpoint is, described or not."""
        known = description.origin() if description is not None else {}
        return cls(str(path), dict(file=Path(path).name, **known))

    @classmethod
    def of_resumed(cls, description: Optional[Description]) -> 'Optional[Origin]':
        """The origin of the run that a resumed checkpoint belongs to."""
        record = description.encoder if description is not None else None
        return cls(str(record.get('file')), record) if record else None


def origin_of(model: Any) -> Optional[Origin]:
    """The origin of a model's encoder, None if its weights are untrained."""
    return getattr(model, 'origin', None)
