"""Compare the splits of a run with each other."""

from typing import Any, Sequence

from mmengine.runner import Runner

from ..checkpoints.encoder import check_same_preparation
from ..datasets import SkeletonDataset
from ..errors import UserError


def compare_splits(runner: Runner, train: Sequence[Any], scored: Sequence[Any]) -> None:
    """Compare the clips that are trained on, or are the gallery, with those that are scored.

    A warning is logged if clips are in both, since their scores are then meaningless.

    Args:
        runner: The runner, whose logger is used.
        train: Datasets of the training split; others than :class:`SkeletonDataset` are not compared.
        scored: Datasets that are scored.

    Raises:
        UserError: if their clips are prepared differently, or their classes have other names.
    """
    ours = [[part for part in parts if isinstance(part, SkeletonDataset)] for parts in (train, scored)]
    for first, second in ((first, second) for first in ours[0] for second in ours[1]):
        where = f'of split "{second.split}" of {second.ann_file}'
        check_same_preparation(second.load_pipeline, first.load_pipeline, f'the dataset {where}',
                               f'split "{first.split}" of {first.ann_file}', 'has')
        if None not in (first.class_names, second.class_names) and first.class_names != second.class_names:
            raise UserError(f'the classes {where} are not those of split "{first.split}" of {first.ann_file}, so '
                            'labels would mean different classes: number them alike in both files')
        both = set(first.names) & set(second.names) if first.ann_file == second.ann_file else set()
        if both:
            runner.logger.warning(
                f'{len(both)} of the {len(second.names)} clips of split "{second.split}" are in the training split '
                f'"{first.split}" too, for example {min(both)}: scores on clips that were trained on do not measure '
                'the model')
