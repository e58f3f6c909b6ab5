import json
import os
import re

import numpy as np
import pytest

from hico_mm.cli import prepare_nwucla
from hico_mm.converters.nwucla import read_clip
from hico_mm.datasets import load_plain_pickle
from hico_mm.errors import UserError


def write(folder, name, frames=4, label=None, joints=20, text=None):
    folder.mkdir(parents=True, exist_ok=True)
    skeletons = np.arange(frames * joints * 3, dtype=float).reshape(frames, joints, 3).tolist()
    label = label if label is not None else {1: 1, 8: 7, 12: 10}[int(name[1:3])]
    content = text or json.dumps(dict(file_name=name, skeletons=skeletons, label=label))
    (folder / f'{name}.json').write_text(content)


def run(*args):
    return prepare_nwucla.main(list(map(str, args)))


def test_clips_labels_and_cross_view_splits(tmp_path, capsys):
    raw = tmp_path / 'all_sqe'
    for name in ('a01_s01_e00_v01', 'a08_s10_e01_v02', 'a12_s02_e03_v03'):
        write(raw, name, frames=1 if 'v03' in name else 4)
    assert run('--raw', tmp_path, '--out', tmp_path / 'out' / 'nwucla.pkl') == 0
    content = load_plain_pickle(tmp_path / 'out' / 'nwucla.pkl')
    assert content['split'] == dict(xview_train=['a01_s01_e00_v01', 'a08_s10_e01_v02'], xview_val=['a12_s02_e03_v03'],
                                    xview_val_distinct=['a12_s02_e03_v03'])
    assert [clip['label'] for clip in content['annotations']] == [0, 6, 9]
    clip = content['annotations'][0]
    assert clip['keypoint'].dtype == np.float32 and clip['total_frames'] == 4
    np.testing.assert_array_equal(clip['keypoint'], np.arange(240.).reshape(1, 4, 20, 3))
    assert 'the dataset has 1484 clips' in capsys.readouterr().err


def test_test_clips_that_are_training_clips_are_set_apart(tmp_path, capsys):
    for name, frames in (('a01_s01_e00_v01', 4), ('a08_s01_e00_v03', 4), ('a01_s01_e00_v03', 5)):
        write(tmp_path / 'raw', name, frames=frames)
    assert run('--raw', tmp_path, '--out', tmp_path / 'a.pkl') == 0
    split = load_plain_pickle(tmp_path / 'a.pkl')['split']
    assert split['xview_val'] == ['a01_s01_e00_v03', 'a08_s01_e00_v03']
    assert split['xview_val_distinct'] == ['a01_s01_e00_v03']
    assert 'xview_val: 2\n  xview_val_distinct: 1' in capsys.readouterr().out


@pytest.mark.parametrize('name, changes, sentence', [
    ('a01_s01_e00_v01', dict(text='{"skeletons": [[['), 'is truncated or not a clip'),
    ('a01_s01_e00_v01', dict(text='[]'), 'is truncated or not a clip'),
    ('a01_s01_e00_v01', dict(joints=25), r'has skeletons of shape \(4, 25, 3\), not'),
    ('a01_s01_e00_v01', dict(frames=0), 'has skeletons of shape'),
    ('a01_s01_e00_v01', dict(label=7), 'has label 7, but its name says action 1'),
    ('a01_s01_e00_v01', dict(text=json.dumps(dict(skeletons=[[[float('nan')] * 3] * 20], label=1))), 'has NaN'),
    ('a07_s01_e00_v01', dict(label=7), 'is not named'),
])
def test_one_bad_file_does_not_end_it(tmp_path, capsys, name, changes, sentence):
    write(tmp_path / 'raw', 'a12_s01_e00_v03')
    write(tmp_path / 'raw', name, **changes)
    assert run('--raw', tmp_path / 'raw', '--out', tmp_path / 'a.pkl') == 0
    err = capsys.readouterr().err
    assert name in err and re.search(sentence, err)
    assert len(load_plain_pickle(tmp_path / 'a.pkl')['annotations']) == 1


def test_nothing_found_writes_nothing(tmp_path, capsys):
    assert run('--raw', tmp_path, '--out', tmp_path / 'a.pkl') == 1
    assert 'no clip aAA_sSS_eEE_vVV.json found in' in capsys.readouterr().err
    assert not (tmp_path / 'a.pkl').exists()


def test_strict_writes_nothing(tmp_path, capsys):
    write(tmp_path / 'raw', 'a12_s01_e00_v03')
    write(tmp_path / 'raw', 'a01_s01_e00_v01', text='[')
    assert run('--raw', tmp_path / 'raw', '--out', tmp_path / 'a.pkl', '--strict') == 1
    printed = capsys.readouterr().err
    assert 'dropped: ' in printed and '1 were dropped, but --strict allows none' in printed
    assert not (tmp_path / 'a.pkl').exists()


def test_what_an_editor_or_a_copy_leaves_behind(tmp_path, capsys):
    """A byte order mark is read over; a dead link and a folder are named like any other bad file."""
    write(tmp_path / 'raw', 'a12_s01_e00_v03')
    path = tmp_path / 'raw' / 'a12_s01_e00_v03.json'
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    (tmp_path / 'raw' / 'a01_s01_e00_v01.json').symlink_to(tmp_path / 'gone')
    (tmp_path / 'raw' / 'a01_s01_e00_v02.json').mkdir()
    assert run('--raw', tmp_path / 'raw', '--out', tmp_path / 'a.pkl') == 0
    printed = capsys.readouterr().err
    assert len(load_plain_pickle(tmp_path / 'a.pkl')['annotations']) == 1
    assert printed.count('dropped: ') == 2 and 'a01_s01_e00_v01.json' in printed and 'a01_s01_e00_v02.json' in printed


def changed(**changes):
    return json.dumps({**dict(skeletons=[[[0.5] * 3] * 20], label=1), **changes})


@pytest.mark.parametrize('text, said', [
    (changed(label=1.0), 'has label 1.0'), (changed(label=True), 'has label True'), (changed(label='1'), "label '1'"),
    (changed().replace('1}', 'Infinity}'), 'has label inf'), ('[' * 100_000, 'is truncated or not a clip'),
    (changed().replace('0.5', '"0.5"', 1), 'has coordinates that are not numbers'),
    (changed().replace('0.5', 'true', 1), 'has coordinates that are not numbers'),
    (changed().replace('0.5', '1' + '0' * 400, 1), 'is truncated or not a clip'),
    (changed().replace('0.5', '1e39', 1), 'has NaN or infinite coordinates'),
    (changed().replace('0.5', '1e30', 1), 'has a coordinate of 1e+30, which is too large for any unit'),
])
def test_what_only_looks_like_numbers(tmp_path, text, said):
    path = tmp_path / 'a01_s01_e00_v01.json'
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(said)):
        read_clip(path)


def test_a_named_pipe_is_left_out(tmp_path, capsys):
    write(tmp_path / 'raw', 'a12_s01_e00_v03')
    os.mkfifo(tmp_path / 'raw' / 'a01_s01_e00_v01.json')
    assert run('--raw', tmp_path / 'raw', '--out', tmp_path / 'a.pkl') == 0
    assert 'a01_s01_e00_v01.json is not a file that can be read' in capsys.readouterr().err


def test_other_units_are_said(tmp_path, capsys):
    write(tmp_path / 'raw', 'a12_s01_e00_v03')  # joints 5 apart
    write(tmp_path / 'raw', 'a01_s01_e00_v01', text=changed(skeletons=(
        np.random.default_rng(0).normal(size=(3, 20, 3)) * 500).tolist()))
    run('--raw', tmp_path / 'raw', '--out', tmp_path / 'a.pkl')
    assert '1 of the 2 clips have bones with' in capsys.readouterr().err
