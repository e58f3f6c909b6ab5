import io
from multiprocessing.reduction import ForkingPickler

import torch
from mmaction.structures import ActionDataSample

from hico_mm.datasets import skeleton_collate
from hico_mm.datasets.transforms import RaggedClips


def test_frames_of_ragged_clips_and_absent_persons():
    clips = [torch.randn(1, 5, 25, 3), torch.randn(2, 3, 25, 3)]
    batch = skeleton_collate([dict(inputs=clip, data_samples=i) for i, clip in enumerate(clips)])
    frames, lengths = batch['inputs']
    assert isinstance(batch['inputs'], RaggedClips) and lengths.tolist() == [5, 3] and batch['data_samples'] == [0, 1]
    torch.testing.assert_close(frames[:5, 0], clips[0][0])
    torch.testing.assert_close(frames[5:], clips[1].transpose(0, 1))
    assert not frames[:5, 1].any()


def test_stock_samples_are_collated_as_mmaction2_does():
    clips = [torch.randn(1, 2, 8, 25, 3)] * 2
    batch = skeleton_collate([dict(inputs=clip, data_samples=None) for clip in clips])
    assert isinstance(batch['inputs'], list) and batch['inputs'][1] is clips[1]


def samples(n):
    return [ActionDataSample(metainfo=dict(frame_dir=f'clip{i}')).set_gt_label(i) for i in range(n)]


def test_labels_travel_in_one_tensor_and_samples_are_made_on_demand():
    clip = torch.zeros(1, 2, 25, 3)
    packed = skeleton_collate([dict(inputs=clip, data_samples=sample) for sample in samples(3)])['data_samples']
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


def test_samples_with_more_than_a_label_are_left_alone():
    several = samples(2)
    several[0].set_pred_label(1)
    batch = skeleton_collate([dict(inputs=torch.zeros(1, 2, 25, 3), data_samples=sample) for sample in several])
    assert batch['data_samples'] == several
