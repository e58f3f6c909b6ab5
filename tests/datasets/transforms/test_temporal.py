import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hico_mm.datasets.transforms import CenterCropResize, RaggedClips, TemporalCropResize
from hico_mm.datasets.transforms.temporal import resize


def ragged(*lengths):
    return RaggedClips.from_clips([torch.randn(2, length, 25, 3) for length in lengths])


@pytest.mark.parametrize('length', [1, 2, 30, 64, 65, 300])
@pytest.mark.parametrize('dtype, tolerance', [(torch.float32, 2e-5), (torch.float64, 1e-12)])
def test_resize_is_torch_interpolation(length, dtype, tolerance):
    clips = ragged(300, 310)
    clips = clips._replace(frames=clips.frames.to(dtype))
    start = torch.tensor([0, 10])
    out = resize(clips, start, torch.full((2, ), length), 64)
    for i, clip in enumerate(clips.frames.split(clips.lengths.tolist(), 1)):
        cut = clip[:, start[i]:start[i] + length].permute(0, 2, 3, 1).flatten(1, 2)
        expected = F.interpolate(cut, 64, mode='linear', align_corners=False).unflatten(1, (25, 3)).permute(0, 3, 1, 2)
        torch.testing.assert_close(out[i], expected, atol=tolerance, rtol=0)


def test_crop_has_the_released_length_and_lies_within_the_clip():
    transform = TemporalCropResize(clip_len=64, ratio=(0.1, 1.0), min_frames=64)
    lengths = torch.tensor([1, 20, 64, 65, 100, 300] * 200)
    parameters = transform.draw(len(lengths))
    start, length = transform.crop(lengths, parameters)
    wanted = [min(max(int(n * r), 64), n) for n, r in zip(lengths.tolist(), parameters['ratio'].tolist())]
    assert length.tolist() == wanted
    assert (start >= 0).all() and (start + length <= lengths).all()
    assert (length[lengths <= 64] == lengths[lengths <= 64]).all()  # shorter clips are taken whole
    long = lengths == 300
    assert start[long].unique().numel() > 50 and 64 <= length[long].min() and length[long].max() > 250


def test_values_for_a_seed():
    transform = TemporalCropResize()
    parameters = transform.draw(2, torch.Generator().manual_seed(0))
    start, length = transform.crop(torch.tensor([200, 300]), parameters)
    again = transform.crop(torch.tensor([200, 300]), transform.draw(2, torch.Generator().manual_seed(0)))
    assert (start.tolist(), length.tolist()) == tuple(x.tolist() for x in again) == SEED_0


SEED_0 = ([3, 73], [194, 221])


def test_both_persons_are_cut_alike():
    clip = torch.randn(1, 150, 25, 3).repeat(2, 1, 1, 1)
    transform = TemporalCropResize()
    out = transform.apply(RaggedClips.from_clips([clip]), transform.draw(1))
    torch.testing.assert_close(out[0, 0], out[0, 1])


@pytest.mark.parametrize('length, start', [(1, 0), (39, 0), (40, 1), (100, 2), (109, 2)])
def test_centre_crop(length, start):
    clips = RaggedClips.from_clips([torch.arange(float(length)).view(1, -1, 1, 1)])
    first, frames = CenterCropResize().crop(clips.lengths, {})
    assert (first.item(), frames.item()) == (start, length - 2 * start)


def test_stock_pipeline_and_batch_give_the_same(monkeypatch):
    transform = TemporalCropResize(clip_len=16)
    clips = [torch.randn(2, n, 25, 3) for n in (3, 100, 200)]
    parameters = transform.draw(3)
    batch = transform.apply(RaggedClips.from_clips(clips), parameters)
    for i, clip in enumerate(clips):
        monkeypatch.setattr(transform, 'draw', lambda n, i=i: {k: v[i:i + 1] for k, v in parameters.items()})
        results = transform(dict(keypoint=clip.numpy(), total_frames=clip.shape[1]))
        np.testing.assert_array_equal(results['keypoint'], batch[i].numpy())
        assert results['total_frames'] == results['clip_len'] == 16 and results['num_clips'] == 1


@pytest.mark.parametrize(('make', 'message'), [
    (lambda: CenterCropResize(ratio=1.5), 'ratio must be a finite number above 0 and at most 1, got 1.5'),
    (lambda: TemporalCropResize(ratio=(0.5, 0.2)), 'the upper end of ratio must be'),
    (lambda: TemporalCropResize(ratio=(0, 1)), 'the lower end of ratio must be'),
    (lambda: TemporalCropResize(min_frames=0), 'min_frames must be')])
def test_ranges_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
