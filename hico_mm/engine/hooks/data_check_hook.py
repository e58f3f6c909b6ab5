"""Check that labels and splits fit the model and each other."""

from itertools import chain

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...datasets import SkeletonDataset
from ...models.heads import KNNHead
from ...models.unwrap import unwrap
from ..labels import check_classes, check_labels
from ..loaders import datasets_of
from ..splits import compare_splits

UNSCORED = ', or pretrain without validation: --cfg-options val_cfg=None val_dataloader=None val_evaluator=None'


@HOOKS.register_module()
class DataCheckHook(Hook):
    """Check before the first step that labels exist and are classes of the head, and that the splits fit each other.

    Pretraining needs no labels. A classifier needs labels in the training split. Validation and test need labels in
    both splits, since the training split is the gallery of ``KNNHead``.
    """

    def before_run(self, runner: Runner) -> None:
        """Compare the datasets of all loops with the head and with each other.

        Raises:
            UserError: if a required label is missing, a label is not a class of the head, the splits do not fit each
                other (:func:`~hico_mm.engine.splits.compare_splits`), or the training split has fewer clips than
                ``KNNHead`` has neighbours.
        """
        datasets = {name: [part for part in datasets_of(runner, name) if isinstance(part, SkeletonDataset)]
                    for name in ('train', 'val', 'test')}
        head = getattr(unwrap(runner.model), 'cls_head', None)
        scored = datasets['val'] + datasets['test']
        for dataset in datasets['train']:
            if head is not None and not isinstance(head, KNNHead):
                check_labels(dataset, 'a classifier learns from labels', '')
            elif head is not None and scored:
                check_labels(dataset, 'the k-NN accuracy is measured by labels', UNSCORED)
        remedy = UNSCORED if datasets['train'] and isinstance(head, KNNHead) else ''
        for dataset in scored:
            check_labels(dataset, 'the accuracy is measured by labels', remedy)
        for dataset in chain(*datasets.values()):
            check_classes(dataset, getattr(head, 'num_classes', None))
        if datasets['train'] and scored and isinstance(head, KNNHead):
            head.check_gallery(sum(len(dataset.labels) for dataset in datasets['train']))
        compare_splits(runner, datasets['train'], scored)
