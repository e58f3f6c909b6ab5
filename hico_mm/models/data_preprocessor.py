"""Data preprocessor: makes augmented views of raw clips on the device."""

from typing import Any, List, Optional, Sequence, Union

import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from ..datasets.transforms import RaggedClips, derive_stream
from ..datasets.transforms.base import SkeletonTransform, to_device
from ..errors import UserError, check_count
from ..structures import SkeletonLayout, get_layout, split_streams
from ..wiring import clip_len_of_views, complete_transforms

Views = Sequence[Sequence[dict]]


@MODELS.register_module()
class SkeletonDataPreprocessor(BaseDataPreprocessor):
    """Make the augmented views of a batch of clips on the device and derive the stream, without autocast.

    Random numbers come from torch's global CPU generator, which ``StepSeedHook`` seeds before each step, so the views
    do not depend on the number of workers or the device.

    Args:
        layout: Skeleton layout, a name or a dict. Defaults to 'ntu'.
        num_persons: Number of persons M of the output. Missing persons are zero; further ones are left out. Defaults
            to 2.
        in_channels: Number of channels C of a joint: its coordinates, and its score if there is one. Defaults to 3.
        with_score: Whether the last channel is a score, which the augmentations do not transform. Defaults to False.
        clip_len: Number of frames T of a view. None, the default, uses the length given in a view, or 64.
        train_views: A list of transforms for each training view. The first transform of each list crops and resizes in
            time. Transforms that need ``layout``, ``in_channels`` or ``clip_len`` and omit it get the values above.
            None, the default, trains on ``test_views``.
        test_views: The same for testing. Defaults to one view, the released center crop of 95 %.
        stream: 'joint', 'bone' or 'motion', derived after the views, or a combination such as 'joint+motion', whose
            coordinates are concatenated. Defaults to 'joint'.
        non_blocking: Whether to copy to the device asynchronously. Defaults to True.

    Raises:
        UserError: if the stream is not known, or a view does not begin with a temporal crop of ``clip_len`` frames.
    """

    def __init__(self,
                 layout: Union[str, dict, SkeletonLayout] = 'ntu',
                 num_persons: int = 2,
                 in_channels: int = 3,
                 with_score: bool = False,
                 clip_len: Optional[int] = None,
                 train_views: Optional[Views] = None,
                 test_views: Views = ((dict(type='CenterCropResize'), ), ),
                 stream: str = 'joint',
                 non_blocking: bool = True) -> None:
        super().__init__(non_blocking=non_blocking)
        self.layout, self.num_persons, self.in_channels = get_layout(layout), num_persons, in_channels
        self.with_score = with_score
        check_count(num_persons, 'num_persons')
        for name, views in ('test_views', test_views), ('train_views', train_views):
            if views is not None and not len(views):
                raise UserError(f'data_preprocessor.{name} is empty: give at least one view, or leave it out')
        self.clip_len = clip_len or clip_len_of_views(test_views, train_views or ()) or 64
        self.stream, self.out_channels = stream, in_channels * len(split_streams(stream))
        self.test_views = [self._build_view(view) for view in test_views]
        self.train_views = self.test_views if train_views is None else [self._build_view(v) for v in train_views]

    def _build_view(self, view: Sequence[dict]) -> List[SkeletonTransform]:
        completed = complete_transforms(
            view, layout=self.layout, in_channels=self.in_channels - self.with_score, clip_len=self.clip_len)
        transforms = [TRANSFORMS.build(t) if isinstance(t, dict) else t for t in completed]
        if not transforms or not hasattr(transforms[0], 'crop'):
            raise UserError('a view must begin with TemporalCropResize or CenterCropResize, which give all clips the '
                            f'same length; got {transforms}')
        return transforms

    def forward(self, data: dict, training: bool = False) -> dict:
        """Process a batch, so that ``inputs`` is (N, views, M, T, V, out_channels) on the device.

        Args:
            data: ``inputs`` is :class:`RaggedClips` from ``skeleton_collate``, or a list of clips. Clips (M, T, V, C)
                are turned into views. Clips (num_clips, M, T, V, C) from a stock MMAction2 pipeline are used as the
                views; the stream is derived from these too.
            training: Whether to make the training views.

        Raises:
            UserError: if the number of joints or coordinates of the clips does not match.
        """
        lengths = getattr(data['inputs'], 'lengths', None)
        data = self.cast_data(data)
        inputs = data['inputs']
        if lengths is not None:  # lengths stay on the CPU, where the crops are computed
            inputs = RaggedClips(inputs.frames, lengths)
        with torch.autocast(self.device.type, enabled=False):
            data['inputs'] = derive_stream(
                self._views_of(inputs, training), self.stream, self.layout, self.with_score)
        return data

    def _views_of(self, inputs: Any, training: bool) -> Tensor:
        if not isinstance(inputs, RaggedClips):
            self._check(inputs[0])
            if inputs[0].ndim == 5:
                return torch.stack(list(inputs)).float()
            inputs = RaggedClips.from_clips(list(inputs))
        self._check(inputs.frames)
        clips = RaggedClips(self._fit_persons(inputs.frames.float()), inputs.lengths)
        views = self.train_views if training else self.test_views
        return torch.stack([self._view(clips, view) for view in views], 1)

    def _check(self, clip: Tensor) -> None:
        joints, channels = clip.shape[-2:]
        if (joints, channels) != (self.layout.num_joints, self.in_channels):
            raise UserError(f'the clips have {joints} joints of {channels} coordinates, but layout '
                             f'"{self.layout.name}" has {self.layout.num_joints} and in_channels is '
                             f'{self.in_channels}: set them to match the annotations')

    def _fit_persons(self, frames: Tensor) -> Tensor:
        """Pad or cut (any M, frames, V, C) to (num_persons, frames, V, C)."""
        missing = self.num_persons - len(frames)
        if missing > 0:
            frames = torch.cat([frames, frames.new_zeros(missing, *frames.shape[1:])])
        return frames[:self.num_persons]

    @staticmethod
    def _view(clips: RaggedClips, transforms: List[SkeletonTransform]) -> Tensor:
        n, device = len(clips.lengths), clips.frames.device
        crop, *augmentations = transforms
        view = crop.apply(clips, crop.draw(n))  # type: ignore[arg-type]
        for transform in augmentations:
            view = transform.apply(view, to_device(transform.draw(n), device))
        return view
