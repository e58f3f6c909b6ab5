"""Classify clips, or encode them, in the manner of MMEngine's inferencers."""

from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmengine.infer import BaseInferencer
from rich.progress import track

from ..datasets import skeleton_collate
from ..errors import UserError, check_count
from ..models.heads import KNNHead
from .init_model import init_model
from .prepare import ClipPreparer
from .read_clip import ClipSource, Found, RawClip, clips_in


class SkeletonInferencer(BaseInferencer):
    """Classify clips with a checkpoint, or encode them if it has no classifier.

    Args:
        checkpoint: The checkpoint of any task. Everything about the model and its clips comes from it.
        device: Device of the model. Defaults to None, the one that MMEngine chooses.
        show_progress: Whether to show a progress bar. Defaults to True.

    Attributes:
        has_classifier: Whether the checkpoint has a trained classifier. One of pretraining has none.
        classes: Names of the classes, or None if not known.

    Raises:
        UserError: if the checkpoint cannot be used.
    """

    preprocess_kwargs = {'axes', 'layout', 'frames', 'img_shape'}
    postprocess_kwargs = {'topk'}

    def __init__(self, checkpoint: Union[str, Path], device: Optional[str] = None, show_progress: bool = True) -> None:
        super().__init__(None, str(checkpoint), device, 'mmaction', show_progress)
        head = getattr(self.model, 'cls_head', None)
        self.has_classifier = head is not None and not isinstance(head, KNNHead)
        self.classes: Optional[List[str]] = self.model.classes

    def __call__(self, inputs: Union[ClipSource, Sequence[ClipSource]], return_datasamples: bool = False,
                 batch_size: int = 64, **kwargs: Any) -> dict:
        """Classify or encode clips.

        Args:
            inputs: A file, a folder of files, an annotated clip (a dict) or an array; or a list of these. See
                :func:`read_clip`.
            return_datasamples: Whether to return ``ActionDataSample`` with ``pred_score``, ``pred_label`` and
                ``feature`` in place of dicts. Defaults to False.
            batch_size: Number of clips in a batch. Defaults to 64.
            **kwargs: ``topk``, the number of classes to list, 5 by default, and arguments of :func:`read_clip`
                (``axes``, ``layout``, ``frames``, ``img_shape``), which hold for every input.

        Returns:
            dict: ``predictions`` has a dict for each clip: its ``name``; ``feature``, the instance feature (D,), or
            None if the model has no hierarchical features; and with a classifier ``probability`` (num_classes,) and
            ``top``, the most probable classes, each a dict of ``label``, ``class_name`` and ``probability``.

        Raises:
            UserError: if there are no inputs, or one of them cannot be used.
            ValueError: if an argument is not known.
        """
        check_count(batch_size, 'batch_size')
        preprocess, forward, _, postprocess = self._dispatch_kwargs(**kwargs)
        clips = self._inputs_to_list(inputs)
        if not clips:
            raise UserError('there are no clips to classify')
        batches = track(self.preprocess(clips, batch_size, **preprocess), 'classifying', transient=True,
                        total=-(-len(clips) // batch_size), disable=not self.show_progress or len(clips) <= batch_size)
        samples = [sample for batch in batches for sample in self.forward(batch, **forward)]
        return self.postprocess(samples, [], return_datasamples, **postprocess)

    def _inputs_to_list(self, inputs: Any) -> list:
        if isinstance(inputs, np.ndarray):
            return list(inputs) if inputs.ndim == 5 else [inputs]
        if isinstance(inputs, (str, Path, Mapping, RawClip, Found)):
            inputs = [inputs]
        return [clip for given in inputs
                for clip in (clips_in(given) if isinstance(given, (str, Path)) else [given])]

    def _init_model(self, cfg: Any, weights: Optional[str], device: str = 'cpu') -> Any:
        return init_model(None, weights, device)

    def _init_pipeline(self, cfg: Any) -> ClipPreparer:
        return ClipPreparer(self.model)

    def _init_collate(self, cfg: Any) -> Callable:
        return skeleton_collate

    def _init_visualizer(self, cfg: Any) -> None:
        return None

    def preprocess(self, inputs: list, batch_size: int = 1, **options: Any) -> Any:
        """Yield batches of prepared clips, with their names as data samples."""
        self._units_are_odd = False
        samples = map(partial(self._sample, **options), enumerate(inputs))
        yield from map(self.collate_fn, self._get_chunk_data(samples, batch_size))

    def _sample(self, numbered: tuple, **options: Any) -> dict:
        number, source = numbered
        clip = self.pipeline.read(source, name=f'clip {number}', **options)
        if not self._units_are_odd:  # said once
            self._units_are_odd = self.pipeline.warn_of_units([clip.keypoint])
        return dict(self.pipeline(self.pipeline.scored(clip), clip.img_shape),
                    data_samples=ActionDataSample(metainfo=dict(frame_dir=clip.name)))

    @torch.no_grad()
    def forward(self, inputs: dict, **kwargs: Any) -> List[ActionDataSample]:
        """Return the data samples of a batch with ``feature``, ``pred_score`` (raw) and ``pred_label``."""
        data = self.model.data_preprocessor(inputs, False)
        views, samples = data['inputs'], data['data_samples']
        features, options = self.model.extract_feat(views, data_samples=samples, test_mode=True)
        if self.has_classifier:
            samples = self.model.cls_head.predict(features, samples, **options)
        if hasattr(features, 'level'):
            vectors = features.level('instance').float().unflatten(0, views.shape[:2]).mean(1)
            for sample, vector in zip(samples, vectors):
                sample.feature = vector
        return [sample.cpu() for sample in samples]

    def visualize(self, inputs: list, preds: Any, show: bool = False, **kwargs: Any) -> list:
        """Draw nothing; ``hico-mm show`` and ``hico-mm search`` draw clips."""
        return []

    def postprocess(self, preds: List[ActionDataSample], visualization: list, return_datasample: bool = False,
                    topk: int = 5, **kwargs: Any) -> dict:
        """Return the predictions, see :meth:`__call__`."""
        check_count(topk, 'topk')
        if return_datasample:
            return dict(predictions=preds)
        return dict(predictions=[self._prediction(sample, topk) for sample in preds])

    def _prediction(self, sample: ActionDataSample, topk: int) -> Dict[str, Any]:
        result: Dict[str, Any] = dict(
            name=sample.frame_dir, feature=sample.feature.numpy() if 'feature' in sample else None)
        if self.has_classifier:
            scores = sample.pred_score.float()
            probability = scores if self.model.cls_head.average_clips == 'prob' else scores.softmax(-1)
            probability = probability.mean(0) if probability.ndim == 2 else probability  # views that were not averaged
            best = probability.topk(min(topk, len(probability)))
            result.update(probability=probability.numpy(), top=[
                dict(label=label, class_name=self._class_name(label), probability=value)
                for label, value in zip(best.indices.tolist(), best.values.tolist())])
        return result

    def _class_name(self, label: int) -> Optional[str]:
        return self.classes[label] if self.classes is not None and label < len(self.classes) else None
