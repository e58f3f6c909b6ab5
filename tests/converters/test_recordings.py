"""`hico-mm convert` on recordings of one's own: guessing, labels, splits, a manifest, and bad input."""

import csv
import re

import numpy as np
import pytest

from hico_mm.cli.main import main
from hico_mm.converters.resample import resample
from hico_mm.datasets import load_plain_pickle
from tests.converters import own
from tests.helpers import skeleton_text


def run(*args):
    try:
        return main(['convert', *map(str, args)])
    except SystemExit as stop:
        return stop.code


def converted(*args, out):
    assert run(*args, '--out', out) == 0
    return load_plain_pickle(out)


@pytest.fixture
def poses(tmp_path):
    """Two classes of three clips each, and one without a class."""
    folder = tmp_path / 'poses'
    for label in 'wave', 'jump':
        for i in range(3):
            own.mmpose(folder / label / f'clip{i}.json', [own.picture('coco', 10 + i, i)])
    own.mmpose(folder / 'unknown.json')
    return folder


def test_classes_from_folders(poses, tmp_path, capsys):
    content = converted(poses, out=tmp_path / 'a.pkl')
    printed = capsys.readouterr()
    assert content['classes'] == ['jump', 'wave']
    assert [(clip['frame_dir'], clip.get('label')) for clip in content['annotations']] == [
        *((f'jump/clip{i}', 0) for i in range(3)), ('unknown', None), *((f'wave/clip{i}', 1) for i in range(3))]
    clip = content['annotations'][1]
    assert clip['total_frames'] == 11 and clip['keypoint'].shape == (1, 11, 17, 2) and clip['keypoint'].dtype == 'f4'
    assert clip['keypoint_score'].shape == (1, 11, 17)
    labelled = [f'{label}/clip{i}' for label in ('jump', 'wave') for i in range(3)]
    assert content['split'] == dict(train=labelled, unlabelled=['unknown'], pretrain=[*labelled, 'unknown'])
    assert 'format: mmpose' in printed.out
    assert '7 clips, 7 with 1 person; classes jump: 3, wave: 3; 1 without a label; 0 dropped' in printed.out
    assert '1 of the 7 clips have no label' in printed.err and 'size of the pictures is not known' in printed.err


def test_labels_can_be_left_out(poses, tmp_path):
    content = converted(poses, '--no-labels', '--img-shape', 1080, 1920, out=tmp_path / 'a.pkl')
    assert 'classes' not in content and not any('label' in clip for clip in content['annotations'])
    assert len(content['split']['train']) == 7 and list(content['split']) == ['train']
    assert {clip['img_shape'] for clip in content['annotations']} == {(1080, 1920)}


def test_the_order_of_classes(poses, tmp_path, capsys):
    (tmp_path / 'names.txt').write_text('wave\nsit\njump\n')
    content = converted(poses, '--classes', tmp_path / 'names.txt', out=tmp_path / 'a.pkl')
    assert content['classes'] == ['wave', 'sit', 'jump']
    assert [clip.get('label') for clip in content['annotations']] == [2, 2, 2, None, 0, 0, 0]
    (tmp_path / 'names.txt').write_text('wave\n')
    assert run(poses, '--classes', tmp_path / 'names.txt', '--out', tmp_path / 'b.pkl') == 1
    assert 'names.txt does not have the class jump: it has wave' in capsys.readouterr().err


def test_the_label_in_a_file_counts_if_there_is_no_other(tmp_path):
    own.mmaction(tmp_path / 'poses' / 'a.pkl')
    own.mmaction(tmp_path / 'poses' / 'b.pkl', label=5)
    content = converted(tmp_path / 'poses', out=tmp_path / 'poses' / 'out.pkl')
    assert [clip['label'] for clip in content['annotations']] == [3, 5] and 'classes' not in content
    again = converted(tmp_path / 'poses', out=tmp_path / 'poses' / 'out.pkl')  # its own output is not read
    assert len(again['annotations']) == 2
    assert content['annotations'][0]['img_shape'] == (720, 1280)


def test_names_of_classes_go_with_the_labels_in_files(tmp_path, capsys):
    own.mmaction(tmp_path / 'poses' / 'a.pkl')
    own.mmaction(tmp_path / 'poses' / 'b.pkl', label=5)
    own.write(tmp_path / 'names.txt', 'a\nb\nc\nd\n')
    content = converted(tmp_path / 'poses', '--classes', tmp_path / 'names.txt', out=tmp_path / 'a.pkl')
    assert [clip['label'] for clip in content['annotations']] == [3] and content['classes'] == ['a', 'b', 'c', 'd']
    assert 'b.pkl has label 5, but --classes has 4 names, for labels 0 to 3' in capsys.readouterr().err


def test_numbers_as_folders_are_the_labels(tmp_path):
    for label in '2', '10':
        own.mmpose(tmp_path / 'poses' / label / f'clip{label}.json')
    content = converted(tmp_path / 'poses', out=tmp_path / 'a.pkl')
    assert sorted(clip['label'] for clip in content['annotations']) == [2, 10] and 'classes' not in content


MAKE = {
    'mmpose': lambda folder: own.mmpose(folder / 'a.json'),
    'mmaction': lambda folder: own.mmaction(folder / 'a.pkl'),
    'openpose': lambda folder: own.openpose(folder / 'video'),
    'mediapipe': lambda folder: own.mediapipe(folder / 'a.json'),
    'azure_kinect': lambda folder: own.azure(folder / 'a.json'),
    'kinect': lambda folder: own.write(folder / 'a.skeleton', skeleton_text([[('1', own.body('ntu')[0])]])),
    'nwucla': lambda folder: own.write(folder / 'a01_s01_e01_v01.json', dict(
        label=1, skeletons=own.body('nw_ucla').tolist())),
}


@pytest.mark.parametrize('name', MAKE)
def test_the_format_is_guessed(tmp_path, name, capsys):
    (tmp_path / 'raw').mkdir()
    MAKE[name](tmp_path / 'raw')
    converted(tmp_path / 'raw', out=tmp_path / 'a.pkl')
    assert f'format: {name}\n' in capsys.readouterr().out


def test_a_guess_that_is_not_unique_is_refused(tmp_path, capsys):
    name = 'S001C001P001R001A001.skeleton'
    own.write(tmp_path / 'raw' / name, skeleton_text([[('1', own.body('ntu')[0])]]))
    assert run(tmp_path / 'raw', '--out', tmp_path / 'a.pkl') == 1
    assert 'raw could be of the formats ntu120, ntu60: choose one with --format' in capsys.readouterr().err
    assert not (tmp_path / 'a.pkl').exists()
    assert run(tmp_path / 'raw', '--format', 'kinect', '--out', tmp_path / 'a.pkl') == 0  # --format decides


def test_files_of_two_formats_are_not_guessed(tmp_path, capsys):
    own.mmpose(tmp_path / 'raw' / 'a.json')
    own.azure(tmp_path / 'raw' / 'b.json')
    assert run(tmp_path / 'raw', '--out', tmp_path / 'a.pkl') == 1
    assert 'could be of the formats azure_kinect, mmpose' in capsys.readouterr().err


@pytest.mark.parametrize('args, said', [
    (['--out', 'a.pkl'], 'no file in raw has a known format: name it with --format, one of ntu60'),
    (['--format', 'bvh', '--out', 'a.pkl'], 'argument --format: bvh is not one of ntu60, ntu120'),
    (['--format', 'mmpose', '--out', 'a.pkl'], 'no clip of format mmpose was read from raw (.json); 0 were dropped'),
    (['--format', 'mmpose', '--init', 'a.csv'], 'no file of format mmpose found in raw'),
    (['--format', 'nwucla', '--split', 'random', '--out', 'a.pkl'], '--split does not apply to format nwucla'),
    (['--format', 'nwucla', '--init', 'a.csv'], '--init does not apply to format nwucla'),
    (['--format', 'mmpose', '--bodies', 'id', '--out', 'a.pkl'], '--missing and --bodies only apply to the formats'),
    (['--format', 'mmpose'], 'give either --out FILE.pkl to convert, or --init MANIFEST.csv'),
    (['--test', 's1', '--out', 'a.pkl'], '--test names subjects or cameras: add --split'),
    (['--split', 'subject', '--test', 's1', '--test-ratio', '0.5', '--out', 'a.pkl'], 'leave one of them out'),
    (['--classes', __file__, '--no-labels', '--out', 'a.pkl'], 'give only one of them'),
    (['--axes', 'MTV', '--out', 'a.pkl'], 'MTV is not an order of axes'),
    (['--layout', 'kinect', '--out', 'a.pkl'], 'unknown skeleton layout "kinect"'),
    (['--layout', 'gone.json', '--out', 'a.pkl'], 'gone.json cannot be used: No such file or directory'),
    (['--init', 'a.csv', '--split', 'random'], '--init only lists the files: leave out --split'),
    (['--seed', '3', '--out', 'a.pkl'], '--seed and --test-ratio only apply to --split'),
    (['--format', 'mmpose', '--axes', 'TVC', '--out', 'a.pkl'], '--axes does not apply to format mmpose'),
    (['--scale', '0', '--out', 'a.pkl'], '0 is not a number above 0'),
    (['--test-ratio', '1', '--out', 'a.pkl'], '1 is not a ratio between 0 and 1'),
    (['--import', 'gone_reader', '--out', 'a.pkl'], '--import gone_reader: there is no module gone_reader'),
])
def test_wrong_arguments(tmp_path, monkeypatch, capsys, args, said):
    monkeypatch.chdir(tmp_path)
    own.write(tmp_path / 'raw' / 'notes.txt', 'notes')
    assert run('raw', *args) in (1, 2)
    assert said in capsys.readouterr().err.replace('\n', ' ')


def rows_of(path):
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def fill(path, facts):
    """Fill in a manifest as somebody would in a spreadsheet, which puts a mark in front and semicolons between."""
    rows = rows_of(path)
    for row in rows:
        row.update(facts(row))
    with path.open('w', newline='', encoding='utf-8-sig') as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=';')
        writer.writeheader()
        writer.writerows(rows)


def test_a_manifest_is_written_filled_in_and_read(poses, tmp_path, capsys):
    manifest = tmp_path / 'manifest.csv'
    assert run(poses, '--init', manifest) == 0
    assert '7 clips, 6 with a label from their folder' in capsys.readouterr().out
    rows = rows_of(manifest)
    assert rows[0] == dict(file='jump/clip0.json', label='jump', subject='', camera='', split='')
    assert rows[3]['file'] == 'unknown.json' and rows[3]['label'] == ''
    fill(manifest, lambda row: dict(subject=f's{row["file"][-6]}', camera='left', label=row['label'] or 'sit, down'))
    args = '--manifest', manifest, '--split', 'subject', '--test', 's2', 'sn'
    content = converted(poses, *args, out=tmp_path / 'a.pkl')
    assert content['classes'] == ['jump', 'sit, down', 'wave']
    assert content['split'] == dict(train=['jump/clip0', 'jump/clip1', 'wave/clip0', 'wave/clip1'],
                                    val=['jump/clip2', 'unknown', 'wave/clip2'])
    assert {clip['camera'] for clip in content['annotations']} == {'left'}
    assert run(poses, '--init', manifest) == 1  # what was filled in is not overwritten
    assert 'manifest.csv exists already' in capsys.readouterr().err


def test_a_manifest_gives_the_splits(poses, tmp_path):
    manifest = poses / 'manifest.csv'
    run(poses, '--init', manifest)
    fill(manifest, lambda row: dict(split='test' if '2' in row['file'] else 'train'))
    content = converted(poses, '--manifest', manifest, out=tmp_path / 'a.pkl')
    assert content['split']['test'] == ['jump/clip2', 'wave/clip2'] and len(content['split']['train']) == 5


def test_rows_without_a_file_and_files_without_a_row(poses, tmp_path, capsys):
    manifest = own.write(tmp_path / 'm.csv', 'file,label\nwave/clip0.json,wave\ngone.json,jump\nJump\\clip1.json,x\n'
                                             'jump\\clip1.json,jump\n')
    content = converted(poses, '--manifest', manifest, out=tmp_path / 'a.pkl')
    printed = capsys.readouterr()
    assert [clip.get('label') for clip in content['annotations']].count(None) == 5
    assert 'm.csv names gone.json in line 3, but there is no such file of this format in' in printed.err
    assert f'5 of the 7 clips are not in {manifest}, so they have no label: add rows' in printed.err
    assert run(poses, '--manifest', manifest, '--strict', '--out', tmp_path / 'b.pkl') == 1
    assert not (tmp_path / 'b.pkl').exists()


@pytest.mark.parametrize('text, said', [
    ('file,lable\n', 'has the unknown column "lable": its first line must name columns of file, label'),
    ('label\n', 'has no column "file"'),
    ('file,label\na.json,x\na.json,y\n', 'names a.json in lines 2 and 3: keep one'),
    ('file,label\na.json,x,y\n', 'has 3 cells in line 2, but 2 columns'),
    ('file\nother/a.json\n', 'names none of the files in'),
    ('file,label\nwave/clip0.json,x\n', 'needs the subject of each clip, but 1 of the 1 clips have none'),
])
def test_manifests_that_cannot_be_used(poses, tmp_path, capsys, text, said):
    manifest = own.write(tmp_path / 'm.csv', text)
    assert run(poses, '--manifest', manifest, '--split', 'subject', '--out', tmp_path / 'a.pkl') == 1
    assert said in capsys.readouterr().err
    manifest.write_bytes('file,label\nä,ö\n'.encode('latin-1'))
    assert run(poses, '--manifest', manifest, '--out', tmp_path / 'a.pkl') == 1
    assert 'is not text in UTF-8' in capsys.readouterr().err


def test_random_splits_depend_on_the_seed(tmp_path):
    for i in range(20):
        own.mmpose(tmp_path / 'poses' / 'ab'[i % 2] / f'{i:02}.json', [own.picture('coco', 3, i)])
    splits = [converted(tmp_path / 'poses', '--split', 'random', '--seed', seed, '--test-ratio', 0.3,
                        out=tmp_path / 'a.pkl')['split'] for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]
    assert [name[0] for name in splits[0]['val']] == ['a'] * 3 + ['b'] * 3
    assert sorted(splits[0]['train'] + splits[0]['val']) == sorted(f'{"ab"[i % 2]}/{i:02}' for i in range(20))


def test_subjects_are_drawn(poses, tmp_path, capsys):
    manifest = tmp_path / 'm.csv'
    run(poses, '--init', manifest)
    fill(manifest, lambda row: dict(subject=row['file'][-6], camera='one'))
    args = poses, '--manifest', manifest, '--split'
    split = converted(*args, 'subject', out=tmp_path / 'a.pkl')['split']
    assert len({name[-1] for name in split['val']}) == 1 and len(split['val']) == 2
    assert not {name[-1] for name in split['val']} & {name[-1] for name in split['train']}
    capsys.readouterr()
    for more, said in ((['subject', '--test', '9'], '--test 9 is not a subject of any clip: there are 0, 1, 2'),
                       (['camera'], '--split camera leaves no clip for training or none for testing, since there is')):
        assert run(*args, *more, '--out', tmp_path / 'b.pkl') == 1
        assert said in capsys.readouterr().err


def test_one_bad_file_among_many(poses, tmp_path, capsys):
    own.write(poses / 'wave' / 'Küche mit Licht.json', '{"instance_info": [')
    own.mmpose(poses / 'wave' / 'Grüße 你好.json')
    own.write(poses / 'wave' / '.hidden.json', 'x')
    own.write(poses / 'wave' / 'video.mp4', 'x')
    (poses / 'sit').mkdir()
    content = converted(poses, '--workers', 2, out=tmp_path / 'a.pkl')
    printed = capsys.readouterr()
    assert len(content['annotations']) == 8 and 'wave/Grüße 你好' in content['split']['train']
    assert re.search(r'dropped: .*wave/Küche mit Licht.json is truncated or not JSON', printed.err)
    assert printed.err.count('dropped:') == 1
    assert 'not read: 1 files with other endings than .json (.mp4)' in printed.out
    assert 'class folders without a clip: sit' in printed.out
    assert run(poses, '--strict', '--out', tmp_path / 'b.pkl') == 1
    assert '1 were dropped, but --strict allows none' in capsys.readouterr().err and not (tmp_path / 'b.pkl').exists()


def test_names_that_are_not_text_or_occur_twice(tmp_path, capsys):
    own.mmpose(tmp_path / 'raw' / 'a.json')
    own.mmpose(tmp_path / 'raw' / 'a.JSON')
    with open(bytes(tmp_path / 'raw') + b'/\xff.json', 'wb') as file:
        file.write((tmp_path / 'raw' / 'a.json').read_bytes())
    converted(tmp_path / 'raw', out=tmp_path / 'a.pkl')
    printed = capsys.readouterr().err
    assert 'has a name that is not text: rename it' in printed and 'has the same name as' in printed


def arrays(folder, change, layout='ntu', make=own.body, n=3):
    folder.mkdir()
    for i in range(n):
        np.save(folder / f'{i}.npy', change(make(layout, seed=i)))
    return [folder, '--axes', 'TVC', '--layout', layout]


@pytest.mark.parametrize('change, options, said, good', [
    (lambda pose: 1000 * pose, ['--scale', 0.001], 'as in millimetres', 1),
    (lambda pose: pose / 1000, ['--scale', 1000], 'have bones shorter than 5 mm', 1),
    (lambda pose: pose * [-1, -1, 1], ['--upside-down'], '3 of the 3 clips show persons upside down in space', 1),
])
def test_units_and_directions_in_space(tmp_path, capsys, change, options, said, good):
    args = arrays(tmp_path / 'raw', change)
    assert run(*args, '--out', tmp_path / 'a.pkl') == 0
    assert said in capsys.readouterr().err
    content = converted(*args, *options, out=tmp_path / 'a.pkl')
    assert said not in capsys.readouterr().err
    np.testing.assert_allclose(content['annotations'][1]['keypoint'][0], own.body('ntu', seed=1), rtol=1e-5, atol=1e-6)


def test_pictures_whose_y_grows_upwards(tmp_path, capsys):
    args = arrays(tmp_path / 'raw', lambda pose: [0, 1080] + pose * [1, -1], 'coco', own.picture)
    assert run(*args, '--out', tmp_path / 'a.pkl') == 0
    assert 'upside down in the picture, so y grows upwards' in capsys.readouterr().err
    assert run(*args, '--upside-down', '--out', tmp_path / 'b.pkl') == 1
    assert 'give --img-shape HEIGHT WIDTH' in capsys.readouterr().err
    content = converted(*args, '--upside-down', '--img-shape', 1080, 1920, out=tmp_path / 'a.pkl')
    assert 'upside down' not in capsys.readouterr().err
    np.testing.assert_allclose(content['annotations'][0]['keypoint'][0], own.picture('coco'), rtol=1e-5)


def test_shares_of_the_picture_and_mixed_frame_rates(tmp_path, capsys):
    args = arrays(tmp_path / 'raw', lambda pose: pose / [1920, 1080], 'coco', own.picture)
    assert run(*args, '--out', tmp_path / 'a.pkl') == 0
    assert 'give it with --img-shape 1 1, since all coordinates are below 2' in capsys.readouterr().err
    for fps in 15, 30:
        np.savez(tmp_path / 'raw' / f'{fps}.npz', keypoint=own.picture('coco'), fps=fps)
    content = converted(*args, out=tmp_path / 'a.pkl')
    assert 'from 15 (15) to 30 (30) frames per second: the same action' in capsys.readouterr().err
    assert {clip.get('fps') for clip in content['annotations']} == {None, 15, 30}
    content = converted(*args, '--resample-fps', 15, out=tmp_path / 'a.pkl')
    said = capsys.readouterr().err
    assert {clip['fps'] for clip in content['annotations']} == {15} and 'frames per second' not in said.splitlines()[-1]
    assert [clip['total_frames'] for clip in content['annotations']] == [12, 6]
    assert said.count('dropped:') == 3 and '0.npy does not say its frame rate, so it cannot be resampled' in said
    content = converted(*args, '--fps', 30, '--resample-fps', 60, out=tmp_path / 'a.pkl')
    assert {(clip['fps'], clip['total_frames']) for clip in content['annotations']} == {(60, 24)}


def test_resampling_by_hand():
    keypoint = np.arange(1, 7, dtype=np.float32).reshape(1, 6, 1, 1) * np.ones((1, 1, 2, 2), np.float32)
    score = keypoint[..., 0] / 10
    keypoint[:, 3, 1] = 0
    found, scores = resample(keypoint, score, 30, 20)
    assert found[0, :, 0, 0].tolist() == [1, 2.5, 4, 5.5] and found[0, :, 1, 0].tolist() == [1, 2.5, 0, 5.5]
    np.testing.assert_allclose(scores[0, :, 0], [.1, .25, .4, .55])
    found, _ = resample(keypoint, None, 30, 60)
    assert found[0, :, 0, 0].tolist() == [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6]
    assert found[0, 4:9, 1, 0].tolist() == [3, 3, 0, 5, 5]  # the nearer frame; of two, the even one
    assert resample(keypoint, None, 30, 1)[0].shape[1] == 1


def test_lost_joints_and_a_wrong_joint_count(tmp_path, capsys):
    args = arrays(tmp_path / 'raw', lambda pose: pose)
    pose = own.body('ntu')
    pose[:, 7] = np.nan
    np.save(tmp_path / 'raw' / 'lost.npy', pose)
    np.save(tmp_path / 'raw' / 'wrong.npy', own.body('nw_ucla'))
    np.save(tmp_path / 'raw' / 'inf.npy', np.where(np.isnan(pose), np.inf, pose))
    content = converted(*args, out=tmp_path / 'a.pkl')
    printed = capsys.readouterr().err
    lost = content['annotations'][-1]
    assert lost['frame_dir'] == 'lost' and not lost['keypoint'][0, :, 7].any() and len(content['annotations']) == 4
    assert 'wrong.npy has 20 joints with 3 coordinates' in printed and 'inf has NaN or infinite coordinates' in printed


def test_the_persons_seen_most_are_kept(tmp_path):
    people = [own.picture('coco', seed=i, left=400 * i) for i in range(4)]
    people[2][:5] = np.nan  # is not there in these frames
    own.mmpose(tmp_path / 'a.json', people, tracks=[0, 1, 2, 3])
    for count, wanted in ((1, [0]), (3, [0, 1, 3])):
        clip, = converted(tmp_path / 'a.json', '--persons', count, out=tmp_path / 'a.pkl')['annotations']
        keypoint = clip['keypoint']
        np.testing.assert_allclose(keypoint, [people[i] for i in wanted], rtol=1e-5)


def test_videos_of_openpose_in_one_folder_and_in_folders(tmp_path):
    for name in 'a', 'b':
        own.openpose(tmp_path / 'flat', video=name)
        own.openpose(tmp_path / 'deep' / 'wave' / name, video='video')
    names = [clip['frame_dir'] for clip in converted(tmp_path / 'flat', out=tmp_path / 'a.pkl')['annotations']]
    assert names == ['a', 'b']
    content = converted(tmp_path / 'deep', out=tmp_path / 'a.pkl')
    assert [clip['frame_dir'] for clip in content['annotations']] == ['wave/a', 'wave/b']
    assert content['classes'] == ['wave']


def test_a_skeleton_of_ones_own(tmp_path):
    layout = dict(name='mine', parents=[0, 0, 1], center=0)
    own.write(tmp_path / 'mine.json', layout)
    np.save(tmp_path / 'a.npy', np.ones((4, 3, 2)))
    content = converted(tmp_path / 'a.npy', '--axes', 'tvc', '--layout', tmp_path / 'mine.json', out=tmp_path / 'a.pkl')
    assert content['annotations'][0]['keypoint'].shape == (1, 4, 3, 2)


READER = '''
import numpy as np
from hico_mm.converters.registry import Recording, register_reader

@register_reader('points', ['.pts'], lambda path: True, layout='nw_ucla')
def read(files, options):
    frames = [line.split() for line in files[0].read_text().splitlines()]
    return Recording(np.array(frames, float).reshape(1, -1, 20, 3), 'nw_ucla', fps=20)
'''


def test_a_reader_of_ones_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'my_points.py').write_text(READER)
    pose = own.body('nw_ucla')
    own.write(tmp_path / 'raw' / 'a.pts', '\n'.join(' '.join(map(str, frame.reshape(-1))) for frame in pose))
    content = converted('raw', '--import', 'my_points', out=tmp_path / 'a.pkl')
    assert 'format: points' in capsys.readouterr().out
    np.testing.assert_allclose(content['annotations'][0]['keypoint'][0], pose, rtol=1e-6)
    assert content['annotations'][0]['fps'] == 20
    assert run('raw', '--import', 'my_points', '--format', 'dots', '--out', 'b.pkl') == 1
    assert 'there is no format "dots": use one of ntu60' in capsys.readouterr().err


@pytest.mark.parametrize('text, status', [('1,2\n3,4\n', 0), ('a,b\n3,4\n', 0), ('file,label\na,b\n', 1)])
def test_a_table_is_guessed_by_its_numbers(tmp_path, capsys, text, status):
    own.write(tmp_path / 'mine.json', dict(name='mine', parents=[0], center=0))
    own.write(tmp_path / 'raw' / 'a.csv', text)
    args = '--axes', 'TVC', '--layout', tmp_path / 'mine.json', '--out', tmp_path / 'a.pkl'
    assert run(tmp_path / 'raw', *args) == status
    printed = capsys.readouterr()
    assert 'format: array' in printed.out if status == 0 else 'has a known format' in printed.err


def test_persons_and_frames_that_are_swapped(tmp_path, capsys):
    own.mmaction(tmp_path / 'raw' / 'a.pkl', keypoint=own.picture('coco')[:, None], keypoint_score=None)
    own.mmaction(tmp_path / 'raw' / 'b.pkl')
    content = converted(tmp_path / 'raw', out=tmp_path / 'a.pkl')
    assert [clip['frame_dir'] for clip in content['annotations']] == ['b']
    assert 'a.pkl has 12 persons in 1 frame(s), so its axes are probably swapped' in capsys.readouterr().err


def test_poses_in_space_and_in_pictures_are_not_mixed_in_silence(tmp_path, capsys):
    args = arrays(tmp_path / 'raw', lambda pose: pose, 'coco', own.picture)
    np.save(tmp_path / 'raw' / 'space.npy', own.body('coco'))
    assert run(*args, '--out', tmp_path / 'a.pkl') == 0
    assert 'some clips have 2 coordinates and some have 3' in capsys.readouterr().err


def test_an_error_that_a_reader_does_not_expect_is_one_of_the_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'my_dots.py').write_text(READER.replace('points', 'dots'))
    own.write(tmp_path / 'raw' / 'a.pts', '1 2 x')
    own.write(tmp_path / 'raw' / 'b.pts', ' '.join(['1 2 3'] * 20))
    assert len(converted('raw', '--import', 'my_dots', '--format', 'dots', out=tmp_path / 'a.pkl')['annotations']) == 1
    assert 'raw/a.pts is not in the expected format (ValueError: could not convert' in capsys.readouterr().err


def test_a_recording_is_not_overwritten(tmp_path, capsys):
    path = own.mmaction(tmp_path / 'poses' / 'a.pkl')
    own.mmaction(tmp_path / 'poses' / 'b.pkl')
    before = path.read_bytes()
    for source in path, path.parent:
        assert run(source, '--format', 'mmaction', '--out', path) == 1
        assert 'a.pkl is a recording to read, so it cannot be the annotation' in capsys.readouterr().err
    assert path.read_bytes() == before


def test_links_to_folders_are_followed_and_circles_end(tmp_path):
    own.mmpose(tmp_path / 'elsewhere' / 'clip.json')
    own.mmpose(tmp_path / 'poses' / 'wave' / 'clip.json')
    (tmp_path / 'poses' / 'run').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'poses' / 'wave' / 'again').symlink_to(tmp_path / 'poses')
    (tmp_path / 'poses' / 'latest').symlink_to('wave')  # inside anyway
    content = converted(tmp_path / 'poses', out=tmp_path / 'a.pkl')
    assert [clip['frame_dir'] for clip in content['annotations']] == ['run/clip', 'wave/clip']


def test_a_class_with_one_video_of_openpose_beside_classes_with_several(tmp_path):
    for label, videos in ('walk', ['a']), ('run', ['b', 'c']):
        for video in videos:
            own.openpose(tmp_path / 'poses' / label, video=video)
    content = converted(tmp_path / 'poses', out=tmp_path / 'a.pkl')
    assert [(clip['frame_dir'], content['classes'][clip['label']]) for clip in content['annotations']] == [
        ('run/b', 'run'), ('run/c', 'run'), ('walk/a', 'walk')]


@pytest.mark.parametrize('label', ['-1', '1.0'])
def test_numbers_that_are_not_classes_are_refused(poses, tmp_path, capsys, label):
    manifest = own.write(tmp_path / 'm.csv', f'file,label\nwave/clip0.json,3\njump/clip1.json,{label}\n')
    assert run(poses, '--manifest', manifest, '--out', tmp_path / 'b.pkl') == 1
    assert f'the label {label} is not the number of a class, such as 7' in capsys.readouterr().err


def test_numbers_with_a_point_are_names(tmp_path):
    for label in '1.1', '1.2', '2.1':
        own.mmpose(tmp_path / 'poses' / label / 'clip.json')
    assert converted(tmp_path / 'poses', out=tmp_path / 'a.pkl')['classes'] == ['1.1', '1.2', '2.1']


def test_one_clip_of_each_class_is_trained_on(poses, tmp_path):
    content = converted(poses, '--split', 'random', '--test-ratio', 0.9, out=tmp_path / 'a.pkl')
    assert sorted(name.split('/')[0] for name in content['split']['train']) == ['jump', 'wave']
    assert len(content['split']['val']) == 4


def test_the_size_of_the_picture_is_scaled_with_its_pixels(tmp_path):
    path = own.mmaction(tmp_path / 'a.pkl')
    whole, half = (converted(path, '--scale', scale, out=tmp_path / 'out.pkl')['annotations'][0] for scale in (1, 0.5))
    assert whole['img_shape'] == (720, 1280) and half['img_shape'] == (360, 640)
    np.testing.assert_allclose(half['keypoint'], whole['keypoint'] / 2)


def test_the_persons_of_a_kinect_that_are_seen_most_are_kept(tmp_path):
    """The other one moves more, but is there for three frames."""
    rng = np.random.default_rng(0)
    frames = [[('1', rng.normal(0, .01, (25, 3)) + 1)] + ([('2', rng.normal(0, 1, (25, 3)) + 3)] if t < 3 else [])
              for t in range(12)]
    (tmp_path / 'a.skeleton').write_text(skeleton_text(frames))
    content = converted(tmp_path, '--format', 'kinect', '--persons', 1, out=tmp_path / 'a.pkl')
    assert content['annotations'][0]['keypoint'].any((0, 2, 3)).all()
