"""Check the labels that a dataset must have."""

from typing import Any, Optional

import numpy as np

from ..datasets import SkeletonDataset
from ..datasets.checks import UNLABELLED
from ..errors import UserError


def check_labels(dataset: Any, purpose: str, remedy: str, classes: Optional[int] = None) -> None:
    """Check that all clips of a dataset have a label, and that it is a class of the head.

    Args:
        dataset: The dataset; only a ``SkeletonDataset`` is checked.
        purpose: Why labels are needed, for the message.
        remedy: What to do without labels, for the message.
        classes: The number of classes of the head, or None if it has none. Defaults to None.

    Raises:
        UserError: if a label is missing or is not a class of the head.
    """
    if not isinstance(dataset, SkeletonDataset):
        return
    labels = dataset.labels
    bare = np.flatnonzero(labels == UNLABELLED)
    if len(bare):
        raise UserError(f'{dataset.ann_file}: {len(bare)} of the {len(labels)} clips of split "{dataset.split}" have '
                        f'no label, for example {dataset.names[bare[0]]}, but {purpose}: add the labels{remedy}')
    check_classes(dataset, classes)


def check_classes(dataset: Any, classes: Optional[int]) -> None:
    """Check that all existing labels of a dataset are classes of the head.

    Raises:
        UserError: if one is not.
    """
    if not isinstance(dataset, SkeletonDataset) or not isinstance(classes, int):
        return
    labels = dataset.labels
    beyond = labels[labels >= classes]
    if len(beyond):
        raise UserError(f'{dataset.ann_file}: {len(beyond)} clips of split "{dataset.split}" have labels up to '
                        f'{int(beyond.max())}, but model.cls_head.num_classes is {classes}, so labels must be 0 to '
                        f'{classes - 1}: set num_classes, or correct the labels')
