"""Train a classifier on features that are computed once."""

from typing import Dict, Iterator, List, Tuple

import torch
from mmaction.evaluation import mean_class_accuracy, top_k_accuracy
from mmaction.registry import LOOPS
from mmengine import dist
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset, Sampler

from ...errors import UserError
from ...evaluation import EncodedClips, encode
from ...models.heads import KNNHead
from ...models.unwrap import unwrap
from ..loaders import compare_with_origin, sequential
from .resumable_train_loop import SCORES, ResumableTrainLoop


class _Clips(Dataset):
    """Features and samples, fetched a batch at a time once they are computed."""

    def __init__(self, size: int) -> None:
        self.size, self.clips = size, EncodedClips(torch.empty(0), [])

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: List[int]) -> Tuple[torch.Tensor, list]:
        return self.clips.features[index], [self.clips.samples[i] for i in index]


class _ShuffledBatches(Sampler):
    """Batches of indices in an order that only depends on seed and epoch; the last batch may be smaller."""

    def __init__(self, size: int, batch_size: int, seed: int) -> None:
        self.size, self.batch_size, self.seed, self.epoch = size, batch_size, seed, 0

    def __len__(self) -> int:
        return -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[List[int]]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        return (batch.tolist() for batch in torch.randperm(self.size, generator=generator).split(self.batch_size))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; called by mmengine's ``DistSamplerSeedHook``."""
        self.epoch = epoch


@LOOPS.register_module()
class FeatureTrainLoop(ResumableTrainLoop):
    """Linear evaluation: encode both splits once with the frozen encoder, then train only ``cls_head``.

    The k-NN accuracy (k=1, cosine) of the same features, which needs no extra encoding, is logged as ``acc/knn``.

    The input is deterministic and the encoder frozen, so an epoch is a pass over features. The test split is scored
    after every epoch: ``acc/top1`` is the accuracy of that epoch, and ``acc/best_top1`` the best so far. Both the last
    and the best are reported at the end, since the released code reports the best. ``val_evaluator`` is ignored.
    Checkpoints contain the whole recognizer. With several ranks, each encodes a part, and all train the same
    classifier.

    Args:
        runner: The runner.
        dataloader: Data loader of the training split, or its config, which is changed to read the whole split in order.
        max_epochs: Epochs of the classifier. Defaults to 80, as released.
        batch_size: Number of features per batch. Defaults to 1024, as released.
        topk: Values of k for the top-k accuracies. Defaults to (1, 5).

    Raises:
        UserError: if a part of the model before ``cls_head`` is not frozen, or there is no test split.
    """

    dataloader: DataLoader

    def __init__(self,
                 runner: Runner,
                 dataloader: dict,
                 max_epochs: int = 80,
                 batch_size: int = 1024,
                 topk: Tuple[int, ...] = (1, 5)) -> None:
        super().__init__(runner, sequential(dataloader) if isinstance(dataloader, dict) else dataloader, max_epochs)
        if not isinstance(topk, (list, tuple)) or 1 not in topk or not all(isinstance(k, int) for k in topk):
            raise UserError(f'train_cfg.topk must be a list of whole numbers, one of which is 1, got {topk!r}')
        if (runner.auto_scale_lr or {}).get('enable'):
            raise UserError('FeatureTrainLoop trains with train_cfg.batch_size on any number of processes, so there is '
                            'nothing to scale: leave --auto-scale-lr and auto_scale_lr.enable out')
        model = unwrap(runner.model)
        trained = sorted({name.split('.')[0] for name, p in model.named_parameters() if p.requires_grad})
        if trained != ['cls_head']:
            raise UserError(f'FeatureTrainLoop only trains cls_head, but {trained} are trainable: freeze the others')
        if runner._val_loop is None:
            raise UserError('FeatureTrainLoop scores the test split, so the config needs val_dataloader and val_cfg')
        self.model, self.batch_size, self.topk = model, batch_size, tuple(topk)
        self.clip_loader = self.dataloader
        self.test_loader = runner.val_dataloader
        if getattr(self.test_loader, 'drop_last', False):
            raise UserError('val_dataloader.drop_last leaves clips out of the score: set it to False')
        self.features = _Clips(len(self.clip_loader.dataset))  # type: ignore[arg-type]
        seed = torch.tensor(runner.seed)
        dist.broadcast(seed)  # every rank uses the same shuffle
        sampler = _ShuffledBatches(len(self.features), batch_size, int(seed))
        self.dataloader = DataLoader(self.features, sampler=sampler, batch_size=None)
        self._max_iters = max_epochs * len(self.dataloader)

    def run(self) -> torch.nn.Module:
        """Encode, then train; return the model."""
        self.runner.call_hook('before_train')
        level = self.model.cls_head.level
        compare_with_origin(self.runner, self.clip_loader.dataset, 'the classifier\'s input')
        with self.runner.optim_wrapper.optim_context(self.model):  # mixed precision is for the encoder only
            self.features.clips = encode(self.model, self.clip_loader, level, 'encoding the training split')
            self.test = encode(self.model, self.test_loader, level, 'encoding the test split')
        if hasattr(self.model.cls_head, 'fit_features'):
            self.model.cls_head.fit_features(self.features.clips.features)
        knn = self.nearest_neighbours()
        scores = self.runner.message_hub.get_info(SCORES, {})
        last = self.validate(knn) if self.is_unscored() else scores.get('acc/top1', 0.0)
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            last = self.validate(knn)
        best, epoch = self._best(last)
        self.runner.logger.info(f'linear evaluation: last epoch {100 * last:.2f} %, best epoch {100 * best:.2f} % '
                                f'(epoch {epoch}); k-NN of the same features: {100 * knn:.2f} %')
        self.runner.call_hook('after_train')
        return self.runner.model

    def validate(self, knn: float) -> float:
        """Score the test split and return the accuracy. Hooks are called as in any validation and may swap weights.

        Args:
            knn: The k-NN accuracy of the features, to be logged with the scores.
        """
        for point in ('before_val', 'before_val_epoch'):
            self.runner.call_hook(point)
        scores = self.evaluate()
        scores.update({'acc/best_top1': self._best(scores['acc/top1'])[0], 'acc/knn': knn})
        self.runner.call_hook('after_val_epoch', metrics=scores)
        self.runner.call_hook('after_val')
        return scores['acc/top1']

    def run_iter(self, idx: int, data_batch: Tuple[torch.Tensor, list]) -> None:
        """Train one step on a batch of features and samples."""
        self.runner.call_hook('before_train_iter', batch_idx=idx, data_batch=data_batch)
        features, samples = data_batch
        wrapper = self.runner.optim_wrapper
        with wrapper.optim_context(self.model):
            losses = self.model.cls_head.loss(features.to(self._device), samples)
        total, logs = self.model.parse_losses(losses)
        wrapper.update_params(total)
        self.runner.call_hook('after_train_iter', batch_idx=idx, data_batch=data_batch, outputs=logs)
        self._iter += 1

    def _best(self, accuracy: float) -> Tuple[float, int]:
        """Return the best accuracy so far and its (earliest) epoch. They are saved in checkpoints for resuming."""
        hub = self.runner.message_hub
        best = tuple(hub.get_info('linear_best', (-1.0, 0)))
        if accuracy > best[0]:
            best = (accuracy, self._epoch)
            hub.update_info('linear_best', best)
        return best

    @torch.no_grad()
    def evaluate(self) -> Dict[str, float]:
        """Return the accuracies of the classifier on the test split in [0, 1], computed by MMAction2's functions."""
        head = self.model.cls_head.eval()
        scores = torch.cat([head(part.to(self._device)).cpu() for part in self.test.features.split(self.batch_size)])
        head.train()
        rows, labels = list(scores.numpy()), self.test.labels.numpy()
        metrics = {f'acc/top{k}': float(a) for k, a in zip(self.topk, top_k_accuracy(rows, labels, self.topk))}
        return {**metrics, 'acc/mean1': float(mean_class_accuracy(rows, labels))}

    def nearest_neighbours(self) -> float:
        """Return the accuracy of the nearest training clip (cosine) on the test split, in [0, 1]."""
        train = self.features.clips
        head = KNNHead(num_classes=int(max(train.labels.max(), self.test.labels.max())) + 1)
        head.set_gallery(train.features.to(self._device), train.labels.to(self._device))
        votes = head(self.test.features.to(self._device)).cpu()
        return float((votes.argmax(1) == self.test.labels).float().mean())

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device
