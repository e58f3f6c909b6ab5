import os
import pickle

import numpy as np
import pytest

from hico_mm.cli import prepare_ntu
from hico_mm.datasets import SkeletonDataset
from tests.helpers import skeleton_text


@pytest.fixture
def raw(tmp_path):
    """A folder with a clip of every protocol's either side."""
    folder = tmp_path / 'raw'
    folder.mkdir()
    for i, name in enumerate(NAMES):
        joints = np.random.default_rng(i).normal(size=(3 + i, 25, 3))
        (folder / f'{name}.skeleton').write_text(skeleton_text([[('7', frame)] for frame in joints]))
    return folder


# Subject 1 trains and 3 does not, 45 in NTU-120 only; cameras 2 and 3 train; even setups train.
NAMES = ['S001C001P001R001A001', 'S002C002P003R002A060', 'S002C003P045R001A002', 'S018C001P045R001A120']


def run(*args):
    return prepare_ntu.main(list(map(str, args)))


@pytest.mark.parametrize('dataset, workers, splits', [
    ('ntu60', 1, dict(xsub_train=[0], xsub_val=[1, 2], xview_train=[1, 2], xview_val=[0])),
    ('ntu120', 2, dict(xsub_train=[0, 2, 3], xsub_val=[1], xset_train=[1, 2, 3], xset_val=[0])),
])
def test_splits(raw, tmp_path, capsys, dataset, workers, splits):
    out = tmp_path / 'out' / 'ntu.pkl'
    assert run('--raw', raw, '--dataset', dataset, '--out', out, '--workers', workers) == 0
    annotation = pickle.loads(out.read_bytes())
    assert annotation['split'] == {name: [NAMES[i] for i in clips] for name, clips in splits.items()}
    for clip in annotation['annotations']:
        i = NAMES.index(clip['frame_dir'])
        assert clip['label'] == int(NAMES[i][-3:]) - 1 and clip['total_frames'] == 3 + i
        np.testing.assert_allclose(clip['keypoint'][0], np.random.default_rng(i).normal(size=(3 + i, 25, 3)), rtol=1e-6)
        assert clip['keypoint'].dtype == np.float32
    printed = capsys.readouterr()
    assert 'download the list from' in printed.err and 'the whole dataset has' in printed.err
    assert ('left out: 1 with actions beyond 60' in printed.out) == (dataset == 'ntu60')
    dataset_of_split = SkeletonDataset(str(out), split='xsub_train', layout='ntu')
    assert len(dataset_of_split) == len(splits['xsub_train'])
    names = annotation['classes']
    assert dataset_of_split.class_names == names and len(names) == int(dataset[3:])
    assert (names[0], names[22], names[59]) == ('drink water', 'hand waving', 'walking apart from each other')


def test_a_file_may_name_other_actions(raw, tmp_path, capsys):
    (raw / 'classes.txt').write_text('wave\njump\n')
    assert run('--raw', raw, '--dataset', 'ntu60', '--out', tmp_path / 'a.pkl') == 0
    assert pickle.loads((tmp_path / 'a.pkl').read_bytes())['classes'] == ['wave', 'jump']
    assert 'have labels up to 59, but "classes" names only 2' in capsys.readouterr().err
    (raw / 'classes.txt').write_text('wave\nwave\n')
    assert run('--raw', raw, '--dataset', 'ntu60', '--out', tmp_path / 'b.pkl') == 1
    assert 'classes.txt is empty or has a class twice' in capsys.readouterr().err


def test_bad_files_are_dropped_by_name_and_the_others_kept(raw, tmp_path, capsys):
    good = (raw / f'{NAMES[0]}.skeleton').read_text()
    (raw / 'S001C001P001R001A003.skeleton').write_text(good[:len(good) // 2])
    (raw / 'S001C001P001R001A004.skeleton').write_text(skeleton_text([[], []]))
    (raw / 'S001C001P001R001A005.skeleton').write_text('')
    (raw / 'notes.skeleton').write_text(good)
    (raw / 'copy').mkdir()
    (raw / 'copy' / f'{NAMES[0]}.skeleton').write_text(good)
    (tmp_path / 'list.txt').write_text(f'Names of missing skeletons:\r\n{NAMES[1]}\r\nS001C001P001R001A050\r\n')
    args = ('--raw', raw, '--dataset', 'ntu120', '--out', tmp_path / 'ntu.pkl', '--missing', tmp_path / 'list.txt')
    assert run(*args) == 0
    printed = capsys.readouterr()
    for fault in ('A003.skeleton is truncated', 'A004.skeleton has no body in any frame', 'A005.skeleton is empty',
                  'notes.skeleton is not named', 'A001.skeleton occurs twice'):
        assert fault in printed.err
    assert '3 clips, 3 with one person and 0 with two; 5 dropped' in printed.out
    assert '1 in the list of missing skeletons' in printed.out and 'download the list' not in printed.err
    names = [clip['frame_dir'] for clip in pickle.loads((tmp_path / 'ntu.pkl').read_bytes())['annotations']]
    assert names == [NAMES[0], NAMES[2], NAMES[3]]


def test_what_cannot_be_done_is_said(raw, tmp_path, capsys):
    out = tmp_path / 'ntu.pkl'
    with pytest.raises(SystemExit):
        run('--raw', tmp_path / 'nowhere', '--dataset', 'ntu60', '--out', out)
    assert 'nowhere is not a folder' in capsys.readouterr().err
    (tmp_path / 'list.txt').write_text('nothing')
    options = ('--dataset', 'ntu60', '--out', out)
    assert run('--raw', raw, *options, '--missing', tmp_path / 'list.txt') == 1
    assert 'list.txt contains no clip name' in capsys.readouterr().err
    (tmp_path / 'empty').mkdir()
    assert run('--raw', tmp_path / 'empty', *options) == 1
    assert 'no clip of ntu60 was read' in capsys.readouterr().err and not out.exists()


def test_what_is_not_a_file_is_left_out(raw, tmp_path, capsys):
    os.mkfifo(raw / 'S001C001P001R001A005.skeleton')
    (raw / 'S001C001P001R001A006.skeleton').mkdir()
    (raw / 'S001C001P001R001A007.skeleton').symlink_to(raw / 'gone')
    assert run('--raw', raw, '--dataset', 'ntu120', '--out', tmp_path / 'ntu.pkl') == 0
    assert capsys.readouterr().err.count('.skeleton is not a file that can be read') == 3
    assert run('--raw', raw, '--dataset', 'ntu120', '--out', tmp_path / 'strict.pkl', '--strict') == 1
    assert not (tmp_path / 'strict.pkl').exists()
