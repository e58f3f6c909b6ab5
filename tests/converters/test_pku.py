"""`prepare_pku.py` on recordings in the dataset's form, with its oddities."""

import os
import pickle

import numpy as np
import pytest

from hico_mm.cli import prepare_pku
from hico_mm.converters.pku_skeleton import ActionLabel, cut, cut_all, read_labels, read_recording, read_split
from hico_mm.errors import UserError

JOINTS = 25


def recording_text(frames, bodies=2, end='\n'):
    """Joint v of body b in frame f (from 1) is at (f, b + 1, v / 100); a body from ``bodies`` on is all zero."""
    lines = []
    for f in range(1, frames + 1):
        numbers = [x for b in range(2) for v in range(JOINTS)
                   for x in ((f, b + 1, v / 100) if b < bodies else (0, 0, 0))]
        lines.append(' '.join(f'{x:g}' for x in numbers))
    return end.join(lines) + end


def make_part(raw, recordings, train, val, skeletons='PKU_Skeleton_Renew', labels='Train_Label_PKU_final',
              suffix=''):
    """``recordings``: {name: (text or None, label text or None)}."""
    for folder, place in (skeletons, 0), (labels, 1):
        (raw / folder).mkdir(parents=True)
        for name, content in recordings.items():
            if content[place] is not None:
                (raw / folder / f'{name}.txt').write_text(content[place])
    for protocol in 'subject', 'view':
        separator = '_' if suffix else '-'
        (raw / f'cross{separator}{protocol}{suffix}.txt').write_text(
            f'Training videos:\n{", ".join(train)}, \nValidataion videos:\n{", ".join(val)}\n')


@pytest.fixture
def prepare(command):

    def run(raw, out, part=1, workers=1):
        return command(prepare_pku.main, '--raw', raw, '--part', part, '--out', out, '--workers', workers)

    return run


def test_clips_worked_out_by_hand(prepare, tmp_path):
    make_part(tmp_path / 'raw', {
        '0002-L': (recording_text(10), '17,2,4,1\n51,9,10,2\n'),
        '0003-R': (recording_text(5, bodies=1), '1,1,5,2\n'),
    }, ['0002-L'], ['0003-R'])
    code, printed, faults = prepare(tmp_path / 'raw', tmp_path / 'pku1.pkl')
    assert code == 0 and not faults
    assert '3 clips from 2 recordings, 1 with one person and 2 with two, 3 classes; 0 dropped' in printed
    content = pickle.loads((tmp_path / 'pku1.pkl').read_bytes())
    assert content['split'] == dict(xsub_train=['0002-L_001', '0002-L_002'], xsub_val=['0003-R_001'],
                                    xview_train=['0002-L_001', '0002-L_002'], xview_val=['0003-R_001'])
    first, to_the_end, one_body = content['annotations']
    assert [content['classes'][clip['label']] for clip in content['annotations']] == ['jump up', 'writing', 'bow']
    assert [clip['label'] for clip in content['annotations']] == [16, 50, 0] and len(content['classes']) == 51
    assert first['keypoint'].shape == (2, 3, 25, 3) and first['keypoint'].dtype == np.float32
    assert first['keypoint'][0, :, 24].tolist() == np.float32([[2, 1, .24], [3, 1, .24], [4, 1, .24]]).tolist()
    assert first['keypoint'][1, 2, 0].tolist() == [4, 2, 0]
    assert to_the_end['total_frames'] == 2 and to_the_end['keypoint'][0, :, 0, 0].tolist() == [9, 10]
    assert one_body['keypoint'].shape == (1, 5, 25, 3)


def test_commas_or_blanks_between_numbers(prepare, tmp_path):
    forms = {'plain': (str, str), 'other': (lambda text: text.replace(' ', ', '), lambda text: text.replace(',', ' '))}
    for name, (recording, label) in forms.items():
        make_part(tmp_path / name, {'0002-L': (recording(recording_text(10)), label('17,2,4,1\n')),
                                    '0003-R': (recording(recording_text(5)), label('1,1,5,2\n'))},
                  ['0002-L'], ['0003-R'])
        code, _, faults = prepare(tmp_path / name, tmp_path / f'{name}.pkl')
        assert code == 0 and not faults
    assert (tmp_path / 'plain.pkl').read_bytes() == (tmp_path / 'other.pkl').read_bytes()


def test_files_that_are_not_text_are_named(tmp_path):
    (tmp_path / 'a.txt').write_bytes(b'\xff\xfe\x00')
    for read in (read_recording, read_labels, read_split):
        with pytest.raises(ValueError, match='is not a text file'):
            read(tmp_path / 'a.txt')


def test_what_is_dropped_is_named(prepare, tmp_path):
    make_part(tmp_path / 'raw', {
        '0002-L': (recording_text(4), '3,1,2,1\n3,5,6,1\n60,1,2,1\n3,4,2,1\n'),
        '0002-M': (recording_text(3, bodies=0), '3,1,2,1\n'),
        '0002-R': (recording_text(3), None),
        '0004-L': (recording_text(3)[:-9], '3,1,2,1\n'),
        '0005-L': (recording_text(3), '3,one,2,1\n'),
    }, ['0002-L', '0002-M', '0002-R', '0003-L'], ['0004-L', '0005-L'])
    code, printed, faults = prepare(tmp_path / 'raw', tmp_path / 'pku1.pkl', workers=2)
    assert code == 0 and '1 clips from 5 recordings' in printed and '8 dropped' in printed
    for said in ('0003-L is in a split, but does not exist',
                 '0002-L.txt: label 2 (5 to 6) is not within the 4 frames',
                 '0002-L.txt: label 3 has class 60, not 1 to 51', 'label 4 (4 to 2) is not',
                 '0002-M.txt: label 1 (1 to 2) has no body in any frame', '0002-R.txt has no label file',
                 '0004-L.txt is truncated', "0005-L.txt has '3,one,2,1' at line 1"):
        assert said in faults


def test_part_two_in_other_folders_beside_part_one(prepare, tmp_path):
    raw = tmp_path / 'PKUMMD'
    make_part(raw / 'I', {'0002-L': (recording_text(3), '1,1,2,1\n')}, ['0002-L'], ['0003-L'])
    make_part(raw / 'II', {'A01N01-L': (recording_text(3, end='\r\n'), '51,1,2,1\n'),
                           'A26N13-R': (recording_text(3), '2,1,3,1\n')},
              ['A01N01-L'], ['A26N13-R'], skeletons='v2/skeletons', labels='v2/labels', suffix='_v2')
    code, printed, faults = prepare(raw, tmp_path / 'pku2.pkl', part=2)
    assert code == 0 and not faults
    content = pickle.loads((tmp_path / 'pku2.pkl').read_bytes())
    assert content['split']['xview_val'] == ['A26N13-R_001']
    assert [clip['label'] for clip in content['annotations']] == [50, 1]


def test_an_empty_label_file_lower_case_and_a_broken_split_of_the_other_part(prepare, tmp_path):
    raw = tmp_path / 'raw'
    make_part(raw, {'0002-l': (recording_text(3), '\n1,1,2,1\n'), '0003-R': (recording_text(3), '')},
              ['0002-L'], ['0003-R'])
    (raw / 'cross_subject_v2.txt').write_text('Training\nA01N01-L\n')
    code, printed, faults = prepare(raw, tmp_path / 'pku1.pkl')
    assert code == 0 and not faults and '1 clips from 2 recordings' in printed and 'xsub_train: 1' in printed


def test_what_is_missing_altogether(prepare, tmp_path):
    (tmp_path / 'empty').mkdir()
    out = tmp_path / 'pku1.pkl'
    assert 'looked for files NNNN-V.txt' in prepare(tmp_path / 'empty', out)[2]
    make_part(tmp_path / 'raw', {'0002-L': (recording_text(3), '1,1,2,1\n')}, ['0002-L'], ['0003-L'])
    (tmp_path / 'raw' / 'cross-view.txt').unlink()
    assert 'cross-view.txt for example: there is none' in prepare(tmp_path / 'raw', out)[2]
    (tmp_path / 'raw' / 'cross-view.txt').write_text('Training\n0002-L\n')
    assert 'cross-view.txt has 2 lines' in prepare(tmp_path / 'raw', out)[2]
    assert not out.exists()


@pytest.mark.parametrize('text, said', [
    ('', 'is empty'),
    ('\n \n', 'is empty'),
    ('1 2 3\n', 'has lines of 3 numbers, not 150'),
    (recording_text(2).replace('0.24', 'nan'), 'has NaN or infinite coordinates'),
    (recording_text(2).replace('0.24', 'x', 1), 'not a table of numbers'),
])
def test_broken_recordings(tmp_path, text, said):
    (tmp_path / 'r.txt').write_text(text)
    with pytest.raises(ValueError, match=said):
        read_recording(tmp_path / 'r.txt')


def test_every_cut_within_a_line_is_found(tmp_path):
    text = recording_text(2).rstrip()
    for end in range(text.index('\n') + 2, len(text) - 4):
        (tmp_path / 'r.txt').write_text(text[:end])
        with pytest.raises(ValueError, match='truncated|numbers'):
            read_recording(tmp_path / 'r.txt')


def test_labels_and_splits(tmp_path):
    path = tmp_path / 'l.txt'
    path.write_text('\ufeff1,2,3,2\r\n\r\n 4, 5, 6\n')
    assert read_labels(path) == [ActionLabel(1, 2, 3), ActionLabel(4, 5, 6)]
    path.write_text('Training:\na, b\nTest:\nb, c\n')
    with pytest.raises(ValueError, match='has b in both the training and the test recordings'):
        read_split(path)


def test_frames_count_from_one():
    recording = np.arange(1, 7, dtype=np.float32).reshape(1, 6, 1, 1).repeat(25, 2).repeat(3, 3)
    assert cut(recording, ActionLabel(1, 3, 5))[0, :, 0, 0].tolist() == [3, 4, 5]
    assert cut(recording, ActionLabel(1, 1, 2))[0, :, 0, 0].tolist() == [1, 2]


@pytest.mark.parametrize('line', ['1_0,1,3,1', '\uff11,1,3,1', '1,1.5,3,1', '1,1', '1,1,' + '9' * 5000])
def test_labels_that_are_not_whole_numbers(tmp_path, line):
    (tmp_path / 'l.txt').write_text(line)
    with pytest.raises(UserError, match='at line 1, but a label must be'):
        read_labels(tmp_path / 'l.txt')


@pytest.mark.parametrize('first, last', [(0, 3), (-5, 3), (9, 11), (4, 2), (1, 10 ** 17)])
def test_frames_outside_the_recording_are_a_fault(first, last):
    recording = np.ones((2, 10, 25, 3), np.float32)
    clips, faults = cut_all(recording, [ActionLabel(1, first, last), ActionLabel(2, 1, 10)], 'r', 51)
    assert faults == [f'label 1 ({first} to {last}) is not within the 10 frames']
    assert [clip['frame_dir'] for clip in clips] == ['r_002']


def test_labels_that_cover_a_recording_many_times(tmp_path):
    recording = np.ones((2, 10, 25, 3), np.float32)
    assert len(cut_all(recording, [ActionLabel(1, 1, 10)] * 4, 'r', 51)[0]) == 4
    with pytest.raises(UserError, match='cover the 10 frames of the recording more than 4 times'):
        cut_all(recording, [ActionLabel(1, 1, 10)] * 5, 'r', 51)


@pytest.mark.parametrize('number, said', [('1e39', 'has NaN or infinite'), ('1e30', 'which is too large for any unit')])
def test_coordinates_beyond_any_unit(tmp_path, number, said):
    (tmp_path / 'r.txt').write_text(recording_text(2).replace('0.24', number, 1))
    with pytest.raises(UserError, match=said):
        read_recording(tmp_path / 'r.txt')


@pytest.mark.parametrize('text, side', [
    ('Training:\n,\nTest:\nb\n', 'training'), ('Training:\na\nTest:\n,\n', 'test')])
def test_a_split_with_an_empty_side(tmp_path, text, side):
    (tmp_path / 's.txt').write_text(text)
    with pytest.raises(UserError, match=f'names no {side} recording'):
        read_split(tmp_path / 's.txt')


def test_folders_pipes_and_dead_links_are_left_out(prepare, tmp_path):
    raw = tmp_path / 'raw'
    make_part(raw, {'0002-L': (recording_text(3), '1,1,2,1\n')}, ['0002-L'], ['0003-L'])
    (raw / '0004-L.txt').mkdir()
    os.mkfifo(raw / '0005-L.txt')
    os.mkfifo(raw / 'cross-view-2.txt')
    (raw / '0006-L.txt').symlink_to(raw / 'gone')
    code, printed, faults = prepare(raw, tmp_path / 'pku1.pkl')
    assert code == 0 and '1 clips from 1 recordings' in printed
    for name in ('0004-L', '0005-L', '0006-L', 'cross-view-2'):
        assert f'{name}.txt is not a file that can be read' in faults
