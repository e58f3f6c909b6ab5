import torch

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
