import tracemalloc

import numpy as np
import pytest

from hico_mm.converters.ntu_skeleton import motion_energy, read_skeleton, to_persons
from tests.helpers import skeleton_text


@pytest.fixture
def write(tmp_path):
    """Write a file of frames of (ID, joints) bodies and return its path."""

    def to_file(frames, **kwargs):
        path = tmp_path / 'S001C001P001R001A001.skeleton'
        path.write_bytes(skeleton_text(frames, **kwargs).encode())
        return path

    return to_file


def body(x, seed=0, spread=1.0):
    """Joints (25, 3) about (x, 0, 3)."""
    return np.random.default_rng(seed).normal(size=(25, 3)) * spread + (x, 0, 3)


A, B = '72057594037931101', '72057594037931102'


def test_numbers_in_any_notation_and_line_ends(write):
    joints = body(0)
    joints[0] = 1e-05, -2.5e+00, 3
    for end in ('\n', '\r\n'):
        recording = read_skeleton(write([[(A, joints)], []], end=end))
        assert recording.num_frames == 2 and recording.ids == [A]
        np.testing.assert_allclose(recording.joints[0], joints, rtol=1e-6)
    assert recording.joints.dtype == np.float32 and '1e-05' in write([[(A, joints)]]).read_text()


def test_a_person_is_zero_where_it_is_absent(write):
    frames = [[], [(A, body(0, 1))], [(A, body(0, 2))], [], [(A, body(0, 3))], []]
    person, = to_persons(read_skeleton(write(frames)))
    assert person.any((1, 2)).tolist() == [False, True, True, False, True, False]
    np.testing.assert_allclose(person[4], body(0, 3), rtol=1e-6)


def test_nobody(write):
    assert to_persons(read_skeleton(write([[], []]))).shape == (0, 2, 25, 3)
    assert to_persons(read_skeleton(write([[(A, np.zeros((25, 3)))]]))).shape[0] == 0


def test_of_four_bodies_the_two_that_move_most_are_kept_the_greater_first(write):
    scales = {A: .1, B: 2.0, '3': .2, '4': 1.0}
    frames = [[(name, body(0, i, scale)) for name, scale in scales.items()] for i in range(5)]
    persons = to_persons(read_skeleton(write(frames)))
    for person, scale in zip(persons, (2.0, 1.0)):
        np.testing.assert_allclose(person, [body(0, i, scale) for i in range(5)], rtol=1e-5)
    assert len(persons) == 2


def test_motion_energy_by_hand():
    person = np.zeros((3, 2, 3))
    person[1] = [[0, 0, 1], [2, 0, 1]]  # frames 0 and 2 are not tracked
    person[2] = 0
    assert motion_energy(person) == pytest.approx(1.0)  # x: 0 and 2; y and z: constant
    person[2] = [[4, 3, 1], [4, 3, 1]]
    assert motion_energy(person) == pytest.approx(np.std([0, 2, 4, 4]) + 1.5)


def test_swapped_places(write):
    frames = [[(A, body(-1, 1)), (B, body(1, 2, .5))], [(B, body(1, 2, .5)), (A, body(-1, 1))]]
    recording = read_skeleton(write(frames))
    by_slot, by_id = to_persons(recording), to_persons(recording, bodies='id')
    np.testing.assert_allclose(by_id, [[body(-1, 1)] * 2, [body(1, 2, .5)] * 2], rtol=1e-6)
    np.testing.assert_allclose(by_slot[:, 1], [body(1, 2, .5), body(-1, 1)], rtol=1e-6)


def test_neighbouring_ids_are_told_apart(write):
    """As floats the two IDs would be one."""
    ids = '72057594037931101', '72057594037931100'
    assert float(ids[0]) == float(ids[1])
    persons = to_persons(read_skeleton(write([[(name, body(i, i)) for i, name in enumerate(ids)]])), bodies='id')
    assert len(persons) == 2


def test_an_id_that_is_born_again_goes_on_with_the_nearest_track(write):
    frames = [[(A, body(-2, 1)), (B, body(2, 1))]] * 3 + [[]] + [[('new', body(1.8, 2)), ('newer', body(-1.7, 2))]] * 2
    recording = read_skeleton(write(frames))
    persons = to_persons(recording, bodies='id')
    assert len(persons) == 2
    for person in persons:
        middle = person[person.any((1, 2))].mean((1, 2))
        assert np.ptp(np.sign(person[:, :, 0].mean(1)[[0, 1, 2, 4, 5]])) == 0 and len(middle) == 5


def test_a_body_that_leaves_is_not_joined_with_one_that_is_there(write):
    frames = [[(A, body(-1, 1)), (B, body(1, 2))]] * 2 + [[(B, body(1, 2))]] * 2
    recording = read_skeleton(write(frames))
    first, second = to_persons(recording, bodies='id')
    present = sorted([first.any((1, 2)).sum(), second.any((1, 2)).sum()])
    assert present == [2, 4]
    # By place, B takes A's place when A has left.
    assert sorted(p.any((1, 2)).sum() for p in to_persons(recording)) == [2, 4]
    np.testing.assert_allclose(to_persons(recording)[0][3], body(1, 2), rtol=1e-6)


def test_files_that_are_cut_anywhere(write):
    text = write([[(A, body(0, 1))], [(A, body(0, 2))]]).read_text().rstrip()
    path = write([[]])
    for cut in range(len(text)):
        path.write_text(text[:cut])
        with pytest.raises(ValueError, match='truncated|empty|must be a number'):
            read_skeleton(path)


@pytest.mark.parametrize('change, message', [
    (lambda text: 'frames: 2\n' + text, "line 1 must be a number, but is 'frames: 2'"),
    (lambda text: text + '1\n', 'has more lines after its 1 frames, from line 30'),
    (lambda text: text.replace('\n25\n', '\n20\n'), 'has a body with 20 joints at line 4, not 25'),
    (lambda text: text.replace('\n25\n0.125730221', '\n25\nnan'), 'has NaN or infinite coordinates'),
    (lambda text: text.replace('\n25\n', '\n25\nx'), 'has a joint that is not a list of 12 numbers'),
    (lambda text: '-1', 'is a count of -1'),
    (lambda text: text.replace(' -0.12 2', '', 1), 'has a joint that is not a list of 12 numbers'),
    (lambda text: text.replace(text.splitlines()[9], '', 1), 'has a joint that is not a list of 12 numbers'),
])
def test_files_of_another_format(write, change, message):
    path = write([[(A, body(0))]])
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=message):
        read_skeleton(path)


def test_no_text(write):
    path = write([[]])
    path.write_bytes(b'\x93NUMPY\x00\xff')
    with pytest.raises(ValueError, match='is not a text file'):
        read_skeleton(path)


@pytest.mark.parametrize('text, said', [
    ('\u0661\n', 'line 1 must be a number'), ('1_0\n', 'line 1 must be a number'), ('9' * 5000, 'line 1 must be a'),
    ('1000000000\n1\n', 'line 1 is a count of 1000000000'), ('1\n1000000000\n', 'line 2 is a count of 1000000000')])
def test_counts_that_cannot_be(write, text, said):
    path = write([[]])
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_skeleton(path)


@pytest.mark.parametrize('number, said', [('1e39', 'has NaN or infinite'), ('1e30', 'which is too large for any unit')])
def test_coordinates_beyond_any_unit(write, number, said):
    path = write([[(A, body(0))]])
    path.write_text(path.read_text().replace('0.125730221', number))
    with pytest.raises(ValueError, match=said):
        read_skeleton(path)


def test_persons_that_are_left_out_take_no_memory(write):
    """Twenty bodies in one frame, and many frames without any."""
    path = write([[(str(i), body(0, i)) for i in range(20)]] + [[]] * 20_000)
    recording = read_skeleton(path)
    tracemalloc.start()
    persons = to_persons(recording)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert persons.shape == (2, 20_001, 25, 3) and peak < 1.5 * persons.nbytes
