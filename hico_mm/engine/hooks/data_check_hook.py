"""Labels and splits that fit the model and each other."""

from itertools import chain
from typing import Any, Dict, List

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...errors import UserError
from ...models.heads import KNNHead
from ...models.unwrap import unwrap
from ..loaders import datasets_of


@HOOKS.register_module()
class DataCheckHook(Hook):
    """Check before the first step that labels are classes of the head, and that no test clip is a training clip."""

    def before_run(self, runner: Runner) -> None:
        """Compare the datasets of all loops with the head and with each other.

        Raises:
            UserError: if a label is not a class of the head, or the training split has fewer clips than ``KNNHead``
                has neighbours.
        """
        datasets = {name: [part for part in datasets_of(runner, name) if hasattr(part, 'labels')]
                    for name in ('train', 'val', 'test')}
        classes = getattr(getattr(unwrap(runner.model), 'cls_head', None), 'num_classes', None)
        for dataset in chain(*datasets.values()):
            if isinstance(classes, int):
                beyond = dataset.labels[dataset.labels >= classes]
                if len(beyond):
                    raise UserError(
                        f'{dataset.ann_file}: {len(beyond)} clips of split "{dataset.split}" have labels up to '
                        f'{int(beyond.max())}, but model.cls_head.num_classes is {classes}, whose labels are 0 to '
                        f'{classes - 1}: set num_classes, or correct the labels')
        head = getattr(unwrap(runner.model), 'cls_head', None)
        if datasets['train'] and isinstance(head, KNNHead):
            head.check_gallery(sum(len(dataset.labels) for dataset in datasets['train']))
        _warn_of_overlap(runner, datasets)


def _warn_of_overlap(runner: Runner, datasets: Dict[str, List[Any]]) -> None:
    """Warn of test clips that are training clips: their score says nothing."""
    for name in ('val', 'test'):
        for test in datasets[name]:
            for train in datasets['train']:
                both = set(train.names) & set(test.names) if train.ann_file == test.ann_file else set()
                if both:
                    runner.logger.warning(
                        f'{len(both)} of the {len(test.names)} clips of split "{test.split}" are in the training split '
                        f'"{train.split}" too, {min(both)} among them: a score on clips that were trained on is no '
                        'measure of the model')
