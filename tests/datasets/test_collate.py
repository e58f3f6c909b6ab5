import io
from multiprocessing.reduction import ForkingPickler

import numpy as np
import torch

from hico_mm.datasets import skeleton_collate
from hico_mm.datasets.transforms import RaggedClips


def annotation(i, *shape):
    return dict(frame_dir=f'clip{i}', label=i, keypoint=np.random.default_rng(i).normal(size=shape).astype(np.float32))


def test_frames_of_ragged_clips_and_absent_persons():
    clips = [annotation(0, 1, 5, 25, 3), annotation(1, 2, 3, 25, 3)]
    frames, lengths = skeleton_collate(clips)['inputs']
    assert frames.shape == (2, 8, 25, 3) and lengths.tolist() == [5, 3]
    np.testing.assert_array_equal(frames[0, :5], clips[0]['keypoint'][0])
    np.testing.assert_array_equal(frames[:, 5:], clips[1]['keypoint'])
    assert not frames[1, :5].any()


def test_packed_samples_are_made_ragged_too():
    clips = [torch.randn(1, 5, 25, 3), torch.randn(2, 3, 25, 3)]
    batch = skeleton_collate([dict(inputs=clip, data_samples=i) for i, clip in enumerate(clips)])
    assert isinstance(batch['inputs'], RaggedClips) and batch['data_samples'] == [0, 1]
    torch.testing.assert_close(batch['inputs'].frames[:, 5:], clips[1])


def test_stock_samples_are_collated_as_mmaction2_does():
    clips = [torch.randn(1, 2, 8, 25, 3)] * 2
    batch = skeleton_collate([dict(inputs=clip, data_samples=None) for clip in clips])
    assert isinstance(batch['inputs'], list) and batch['inputs'][1] is clips[1]


def test_labels_travel_in_one_tensor_and_samples_are_created_lazily():
    packed = skeleton_collate([annotation(i, 1, 2, 25, 3) for i in range(3)])['data_samples']
    tensors = []

    class Pickler(ForkingPickler):

        def reducer_override(self, value):
            tensors.extend([value] * isinstance(value, torch.Tensor))
            return NotImplemented

    Pickler(io.BytesIO()).dump(packed)
    assert [t.tolist() for t in tensors] == [[0, 1, 2]]
    assert len(packed) == 3
    assert [(s.frame_dir, s.gt_label.tolist()) for s in packed] == [('clip0', [0]), ('clip1', [1]), ('clip2', [2])]
    next(iter(packed)).set_pred_label(7)
    assert packed[0].pred_label == 7  # what a model writes stays
