"""What a config requires of an annotation."""

from typing import Any, Dict

from ..structures import get_layout
from .complete import skeleton_datasets
from .loading import load_config


def requirements_of(name: str) -> Dict[str, Any]:
    """Return the requirements of a config for an annotation, as arguments of ``inspect``."""
    config = load_config(name)
    datasets: Any = [dataset for _, dataset in skeleton_datasets(config)]
    layout = next((dataset.layout for dataset in datasets if dataset.get('layout') is not None), None)
    preprocessor, head = (config.get('model', {}).get(part) or {} for part in ('data_preprocessor', 'cls_head'))
    return dict(layout=None if layout is None else get_layout(layout), num_persons=preprocessor.get('num_persons'),
                num_classes=head.get('num_classes'),
                splits={dataset.split for dataset in datasets if dataset.get('split') is not None})
