import numpy as np
import pytest

from hico_mm.cli import make_demo
from hico_mm.converters.ntu_skeleton import read_skeleton
from hico_mm.demo import motion, recordings
from hico_mm.structures import get_layout


def test_bones_keep_their_length_in_motion():
    body, seconds = motion.template(), np.linspace(0, 3, 40)
    for roles in motion.ACTIONS.values():
        for turns in roles:
            moving = motion.pose(body, [(turn.joint, turn.axis, turn.angle(seconds)) for turn in turns])
            for joint, parent in get_layout('ntu').edges:
                length = np.linalg.norm(moving[:, joint] - moving[:, parent], axis=-1)
                np.testing.assert_allclose(length, np.linalg.norm(body[joint] - body[parent]), atol=1e-9)
            assert np.ptp(moving, axis=0).max() > .2  # every role moves
            assert moving[:, motion.FEET, 1].min(1) == pytest.approx(np.zeros(40))


def test_a_mirrored_motion_is_the_mirror_image():
    body, seconds = motion.template(), np.linspace(0, 1, 7)
    other = [motion.OTHER_SIDE.get(joint, joint) for joint in range(25)]
    for roles in motion.ACTIONS.values():
        plain, mirrored = (motion.pose(body, [(t.joint, t.axis, t.angle(seconds)) for t in turns])
                           for turns in (roles[0], [turn.mirrored() for turn in roles[0]]))
        np.testing.assert_allclose(mirrored, plain[:, other] * (-1, 1, 1), atol=1e-9)


def test_neighbouring_actions_share_their_mean_posture():
    """Punch and wipe, clap and climb, squat and march: they differ in motion more than in posture."""
    body, seconds = motion.template(), np.arange(300) / 30
    moves = {name: motion.pose(body, [(t.joint, t.axis, t.angle(seconds)) for t in roles[0]])
             for name, roles in motion.ACTIONS.items()}
    for a, b in (('punch', 'wipe'), ('clap', 'climb'), ('squat', 'march')):
        posture = np.abs(moves[a].mean(0) - moves[b].mean(0)).max()
        assert posture < max(np.ptp(moves[a], axis=0).max(), np.ptp(moves[b], axis=0).max()) / 2, (a, b)


def test_the_seed_decides():
    take = recordings.Take(1, 2, 1, 3)
    first, again, other = (recordings.record(take, seed, .01) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])


def test_what_is_written_is_what_was_recorded(tmp_path):
    for take in (recordings.Take(1, 1, 1, 1), recordings.Take(2, 3, 2, 9)):
        bodies, there = recordings.record(take, 0, .01)
        assert recordings.write(take, tmp_path, 0, .01) == there.any()
        recording = read_skeleton(tmp_path / f'{take.name}.skeleton')
        assert recording.num_frames == there.shape[1] and len(recording.ids) == there.sum()
        assert b'\r\n' in (tmp_path / f'{take.name}.skeleton').read_bytes()
        for i, (name, frame) in enumerate(zip(recording.ids, recording.frames)):
            body = int(name) - int(recording.ids[0])
            assert there[body, frame]
            np.testing.assert_allclose(recording.joints[i], bodies[body, frame], rtol=1e-5, atol=1e-6)


def test_a_folder_as_the_converter_wants_it(tmp_path, capsys):
    out = tmp_path / 'raw'
    args = ['--out', str(out), '--num-subjects', '2', '--workers', '1']
    assert make_demo.main(args) == 0
    names = {path.stem for path in out.glob('*.skeleton')}
    assert len(names) == 3 * 2 * 2 * 10 and 'S001C003P002R002A010' in names
    missing = {line for line in (out / 'missing.txt').read_text().splitlines() if line in names}
    nobody = {name for name in names if not read_skeleton(out / f'{name}.skeleton').ids}
    assert missing == nobody
    assert [path.name for path in tmp_path.iterdir()] == ['raw']
    with pytest.raises(SystemExit):
        make_demo.main(args)
    assert 'exists: remove it' in capsys.readouterr().err


def test_recordings_can_be_sorted_by_class(tmp_path):
    plain, sorted_by_class = tmp_path / 'plain', tmp_path / 'sorted'
    for out, by_class in ((plain, False), (sorted_by_class, True)):
        recordings.make_recordings(out, 1, workers=1, by_class=by_class)
    files = sorted(sorted_by_class.rglob('*.skeleton'))
    assert len(files) == len(list(plain.glob('*.skeleton'))) == 60
    for path in files:
        action = int(path.stem[-3:])
        assert path.parent.name == list(motion.ACTIONS)[action - 1]
        assert path.read_bytes() == (plain / path.name).read_bytes()
