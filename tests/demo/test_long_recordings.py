import numpy as np
import pytest

from hico_mm.cli import make_demo
from hico_mm.converters.pku_skeleton import cut_all, read_labels, read_recording
from hico_mm.demo import ACTIONS, join_actions
from hico_mm.demo.long_recordings import FIRST_SUBJECT, _strength


def test_actions_follow_one_another_with_pauses():
    recording = join_actions([3, 9, 1, 10], 2001)
    frames = recording.keypoint.shape[1]
    assert [label.action for label in recording.labels] == [3, 9, 1, 10]
    bounds = [(0, 0), *((label.first, label.last) for label in recording.labels), (frames + 1, frames + 1)]
    assert all(30 <= b[0] - a[1] - 1 <= 75 for a, b in zip(bounds, bounds[1:]))
    assert all(40 <= last - first + 1 <= 80 for first, last in bounds[1:-1])
    there = recording.keypoint[1].any((1, 2))
    for label in recording.labels:
        assert there[label.first - 1:label.last].all() == (label.action in (9, 10))
    assert not there[:recording.labels[1].first - 20].any()


def test_a_person_moves_in_its_actions_and_stands_in_the_pauses():
    recording = join_actions([2, 5, 8], 2001, noise=0)
    speed = np.linalg.norm(np.diff(recording.keypoint[0], axis=0), axis=-1)
    speed = np.median(np.sort(speed, 1)[:, -6:], 1)  # of the joints that move most
    acting = np.zeros(len(speed), bool)
    for label in recording.labels:
        acting[label.first + 4:label.last - 5] = True
        assert speed[label.first + 4:label.last - 5].mean() > 3 * speed[:recording.labels[0].first - 2].mean()
        strength = _strength(label, recording.keypoint.shape[1])
        assert strength[label.first - 2] == strength[label.last] == 0 and strength.max() == 1
        assert (strength[label.first - 1:label.last] > 0).all()


def test_the_seed_decides():
    first, again, other = (join_actions([1, 2], 2001, seed=seed).keypoint for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_they_are_written_as_recordings_of_pku(tmp_path, command):
    out = tmp_path / 'long'
    code, printed, _ = command(make_demo.main, '--out', out, '--long', 2, '--seed', 4)
    assert code == 0 and '2 long recordings with 20 actions' in printed
    for i in (1, 2):
        recording = read_recording(out / f'skeletons/000{i}-M.txt')
        labels = read_labels(out / f'labels/000{i}-M.txt')
        made = join_actions([label.action for label in labels], FIRST_SUBJECT + i, seed=4)
        assert labels == made.labels and sorted(label.action for label in labels) == list(range(1, 1 + len(ACTIONS)))
        np.testing.assert_allclose(recording, made.keypoint, rtol=1e-4, atol=1e-5)
        clips, faults = cut_all(recording, labels, 'a', 10)
        assert len(clips) == 10 and not faults
    with pytest.raises(SystemExit):
        make_demo.main(['--out', str(tmp_path / 'b'), '--long', '2', '--num-subjects', '3'])
