"""The gallery of the nearest-neighbour head."""

from typing import Optional

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ...evaluation import encode
from ...models.heads import KNNHead
from ...models.unwrap import unwrap
from ..labels import check_labels
from ..loaders import compare_with_origin, datasets_of, leaf_datasets, training_split
from ..splits import compare_splits


@HOOKS.register_module()
class GalleryHook(Hook):
    """Encode the training split, without augmentation, into the gallery of ``KNNHead`` before validation and test.

    It does nothing for a model with another head.
    """

    priority = 'LOW'  # after EMAHook, so that gallery and queries are encoded with the same weights

    def __init__(self) -> None:
        self._dataloader: Optional[DataLoader] = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Fill the gallery."""
        model = unwrap(runner.model)
        head = getattr(model, 'cls_head', None)
        if not isinstance(head, KNNHead):
            return
        if self._dataloader is None:
            self._dataloader = training_split(runner)
            compare_with_origin(runner, self._dataloader.dataset, 'the gallery')
            parts = list(leaf_datasets(self._dataloader.dataset))
            compare_splits(runner, parts, datasets_of(runner, 'test'))
            for part in parts:
                check_labels(part, 'they are the gallery of the nearest neighbours', '', head.num_classes)
            head.check_gallery(len(self._dataloader.dataset))  # type: ignore[arg-type]
        gallery = encode(model, self._dataloader, head.level, title='gallery')
        device = model.data_preprocessor.device
        head.set_gallery(gallery.features.to(device), gallery.labels.to(device))
        runner.logger.info(f'k-NN: k={head.k}, cosine, gallery of {len(gallery.samples)} training clips')

    before_test_epoch = before_val_epoch
