import numpy as np
import pytest
from mmengine.config import Config

from hico_mm.apis import extract, find_moments, init_model
from hico_mm.apis.moments import overlap_of, relative_lengths, slide, suppress
from hico_mm.apis.read_clip import RawClip
from hico_mm.errors import UserError
from tests.helpers import small_model


@pytest.fixture
def model():
    return init_model(Config(dict(model=small_model(), load_pipeline=[dict(type='NormalizeSkeleton')])))


def recording(frames=200, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(1, 1, 25, 3)) + .3 * rng.normal(size=(1, frames, 25, 3)).cumsum(1)


def test_a_planted_action_is_found(model):
    whole, planted = recording(), np.random.default_rng(5).normal(size=(1, 30, 25, 3))
    whole[:, 90:120] = planted
    best, *rest = find_moments(model, whole, planted, fps=10)
    assert best[:2] == (91, 120) and best.score == pytest.approx(1, abs=1e-5)
    assert (best.start, best.end) == (9.0, 12.0)
    assert all(best.score > moment.score for moment in rest)
    window = whole[:, rest[0].first - 1:rest[0].last]
    a, b = extract(model, [planted, window])
    assert rest[0].score == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-5)


def test_the_most_similar_of_several_clips_counts(model):
    whole, first, second = recording(), *np.random.default_rng(5).normal(size=(2, 1, 30, 25, 3))
    whole[:, 60:90], whole[:, 150:180] = first, second
    found = find_moments(model, whole, [first, second], lengths=[30], topk=2)
    assert sorted(moment[:2] for moment in found) == [(61, 90), (151, 180)]
    assert [moment.score for moment in found] == pytest.approx([1, 1], abs=1e-5) and found[0].start is None


def test_moments_do_not_overlap_and_scores_are_cut_off(model):
    whole = recording()
    found = find_moments(model, whole, whole[:, 20:50], topk=50, overlap=.1)
    assert len(found) > 3 and [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    for i, a in enumerate(found):
        assert all(overlap_of(a[:2], b[:2]) <= .1 for b in found[:i])
    limit = found[2].score
    assert find_moments(model, whole, whole[:, 20:50], topk=50, overlap=.1, min_score=limit) == found[:3]
    assert find_moments(model, whole, whole[:, 20:50], topk=2, overlap=.1) == found[:2]


def test_frames_without_anybody_are_left_out(model):
    whole = recording(120)
    whole[:, 40:] = 0
    assert max(moment.first for moment in find_moments(model, whole, whole[:, :20], topk=50)) <= 40


def test_windows():
    assert slide(10, [4]) == [(1, 4), (2, 5), (3, 6), (4, 7), (5, 8), (6, 9), (7, 10)]
    assert slide(25, [10]) == [(1, 10), (3, 12), (5, 14), (7, 16), (9, 18), (11, 20), (13, 22), (15, 24), (16, 25)]
    assert slide(5, [10, 7]) == [(1, 5)]
    assert relative_lengths(40) == [30, 40, 50] and relative_lengths(1) == [2, 2, 2]
    assert overlap_of((1, 10), (6, 15)) == 5 / 15 and overlap_of((1, 3), (4, 6)) == 0
    assert suppress([(1, 10), (2, 11), (20, 30)], np.array([.5, .9, .1]), .3) == [1, 2]


@pytest.mark.parametrize('options, said', [
    (dict(topk=0), 'topk must be'), (dict(overlap=1), 'overlap must be'), (dict(lengths=[0]), 'a length of lengths'),
    (dict(min_score=float('nan')), 'min_score must be'), (dict(like=[]), 'no clip to look for'),
    (dict(like=np.zeros((1, 3, 25, 3))), 'clip 0 is empty'), (dict(fps=0), 'fps must be')])
def test_mistakes(options, said, model):
    with pytest.raises(UserError, match=said):
        find_moments(model, recording(20), **{'like': recording(9), **options})


def test_windows_are_as_long_in_seconds_as_the_clip(model):
    """Every second frame, at half the frame rate, is the same movement."""
    rng = np.random.default_rng(0)
    recording, clip = (rng.normal(size=(1, frames, 25, 3)) for frames in (90, 20))
    long = [moment.last - moment.first + 1 for moment in find_moments(
        model, RawClip('long', recording, fps=30), RawClip('clip', clip, fps=15), lengths=None)]
    assert set(long) <= {30, 40, 50}
