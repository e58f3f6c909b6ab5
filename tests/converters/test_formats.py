"""Each format of recordings, from a file as its tool writes it, with numbers checked by hand."""

import csv
import io
import json
import random

import numpy as np
import pytest

from hico_mm.converters.guess import guess_format
from hico_mm.converters.items import Item
from hico_mm.converters.readers.mediapipe_table import NAMES
from hico_mm.converters.recordings import to_clip
from hico_mm.converters.registry import ReadOptions, load_readers
from hico_mm.datasets.checks import clip_fault
from hico_mm.errors import UserError
from hico_mm.structures import get_layout
from tests.converters import own

READERS = load_readers()


def read(name, *files, **options):
    return READERS[name].read(list(files), ReadOptions(**options))


def test_mmpose(tmp_path):
    poses = own.picture('coco')
    poses[2, 4] = 123.5, 67.25
    recording = read('mmpose', own.mmpose(tmp_path / 'a.json', [poses]))
    assert get_layout(recording.layout).name == 'coco' and recording.keypoint.shape == (1, 12, 17, 2)
    assert recording.keypoint[0, 2, 4].tolist() == [123.5, 67.25] and recording.keypoint.dtype == np.float32
    assert recording.score.shape == (1, 12, 17) and recording.score[0, 5, :4].tolist() == [0.5, 0.75, 1, 0.5]


def test_mmpose_as_the_inferencer_writes_it(tmp_path):
    """It writes the list alone. Frames without anybody count, at the end too, and so do missing numbers."""
    info = json.loads(own.mmpose(tmp_path / 'a.json').read_text())['instance_info']
    info[0]['instances'] = info[11]['instances'] = []
    del info[5]
    keypoint = read('mmpose', own.write(tmp_path / 'b.json', info)).keypoint
    assert keypoint.any((0, 2, 3)).tolist() == [False, *[True] * 4, False, *[True] * 5, False]


@pytest.mark.parametrize('ids', [None, [4, 9]])
def test_two_persons_who_change_places_in_the_file(tmp_path, ids):
    near, far = own.picture('coco', seed=1, left=300), own.picture('coco', seed=2, left=1300)
    path = own.mmpose(tmp_path / 'a.json', [near, far], ids)
    content = json.loads(path.read_text())
    for frame in content['instance_info'][1::2]:
        frame['instances'].reverse()
    keypoint = read('mmpose', own.write(path, content)).keypoint
    np.testing.assert_allclose(keypoint, [near, far], rtol=1e-6)


def test_the_ids_of_the_file_go_before_distance(tmp_path):
    one = own.picture('coco')
    path = own.mmpose(tmp_path / 'a.json', [one], [1])
    content = json.loads(path.read_text())
    for frame in content['instance_info'][6:]:
        frame['instances'][0]['track_id'] = 2
    keypoint = read('mmpose', own.write(path, content)).keypoint
    assert keypoint.any((2, 3)).tolist() == [[True] * 6 + [False] * 6, [False] * 6 + [True] * 6]


def test_mmaction(tmp_path):
    path = own.mmaction(tmp_path / 'a.pkl')
    recording = read('mmaction', path)
    assert recording.keypoint.shape == (1, 12, 17, 2) and recording.img_shape == (720, 1280) and recording.label == 3
    assert (recording.score == 0.75).all()
    np.testing.assert_array_equal(recording.keypoint[0], own.picture('coco').astype(np.float16))


@pytest.mark.parametrize('layout, joints', [('openpose_body25', 25), ('openpose_coco18', 18)])
def test_openpose(tmp_path, layout, joints):
    poses = own.picture(layout)
    poses[3, 1] = 10.5, 20.25
    folder = own.openpose(tmp_path / 'video', layout, [poses], start=100)
    recording = read('openpose', *sorted(folder.iterdir(), reverse=True))
    assert recording.layout == layout and recording.keypoint.shape == (1, 12, joints, 2)
    assert recording.keypoint[0, 3, 1].tolist() == [10.5, 20.25] and (recording.score == 0.5).all()
    np.testing.assert_allclose(recording.keypoint[0], poses, rtol=1e-6)


def test_azure_kinect(tmp_path):
    """Millimetres with y down become metres with y up; x changes its sign too, so that left stays left."""
    path = own.azure(tmp_path / 'a.json')
    content = json.loads(path.read_text())
    content['frames'][2]['bodies'][0]['joint_positions'][5] = [-250.0, -500.0, 2000.0]
    del content['frames'][7]  # the frame had no depth
    recording = read('azure_kinect', own.write(path, content))
    np.testing.assert_allclose(recording.keypoint[0, 2, 5], [0.25, 0.5, 2], rtol=1e-6)
    assert recording.keypoint.shape == (1, 12, 32, 3) and not recording.keypoint[0, 7].any()
    assert recording.fps == 30 and recording.layout == 'azure_kinect'
    np.testing.assert_allclose(recording.keypoint[0, 8], own.body('azure_kinect')[8], rtol=1e-5)


def forms_of_mediapipe(folder, points):
    """The same landmarks (T, 33, 4) in every form that is read."""
    objects = [[dict(zip(('x', 'y', 'z', 'visibility'), point)) for point in frame] for frame in points.tolist()]
    yield own.write(folder / 'objects.json', objects)
    yield own.write(folder / 'lists.json', dict(frames=points.tolist()))
    yield own.write(folder / 'tasks.json', dict(frames=[dict(worldLandmarks=[frame]) for frame in objects]))
    yield own.write(folder / 'legacy.json', [dict(pose_world_landmarks=dict(landmark=frame)) for frame in objects])
    yield own.write(folder / 'message.json', [dict(landmark=frame) for frame in objects])
    for name, columns in (
            ('from0', [f'{axis}{i}' for i in range(33) for axis in 'xyzv']),
            ('from1', [f'{axis}{i}' for i in range(1, 34) for axis in 'xyzv']),
            ('named', [f'{name.upper()}_{axis}' for name in NAMES for axis in ('x', 'y', 'z', 'visibility')])):
        rows = [[t, 'wave', *frame.reshape(-1).tolist()] for t, frame in enumerate(points)]
        yield own.write(folder / f'{name}.csv', table([['time', 'class', *columns], *rows]))
    rows = [[t, i, *point] for t, frame in enumerate(points.tolist()) for i, point in enumerate(frame)]
    yield own.write(folder / 'long.csv', table([['frame', 'landmark', 'x', 'y', 'z', 'visibility'], *rows]))
    np.savez(folder / 'arrays.npz', pose_world_landmarks=points)
    yield folder / 'arrays.npz'
    np.save(folder / 'array.npy', points)
    yield folder / 'array.npy'


def table(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def test_mediapipe_in_all_its_forms(tmp_path):
    points = own.world()
    points[1, 11] = 0.25, -0.5, 0.125, 0.75
    for path in forms_of_mediapipe(tmp_path, points):
        recording = read('mediapipe', path)
        assert recording.keypoint.shape == (1, 12, 33, 3), path
        assert recording.keypoint[0, 1, 11].tolist() == [-0.25, 0.5, 0.125] and recording.score[0, 1, 11] == 0.75
        np.testing.assert_allclose(recording.keypoint[0], points[..., :3] * [-1, -1, 1], rtol=1e-6)
        if path.suffix != '.npy':
            assert READERS['mediapipe'].matches(path) or path.stem == 'lists', path


def test_frames_of_mediapipe_without_a_person(tmp_path):
    recording = read('mediapipe', own.mediapipe(tmp_path / 'a.json', lost=(0, 4)))
    assert recording.fps == 25
    assert recording.keypoint.any((0, 2, 3)).tolist() == [False, *[True] * 3, False, *[True] * 7]


def test_kinect(tmp_path):
    from tests.helpers import skeleton_text
    pose = own.body('ntu')
    path = own.write(tmp_path / 'me waving.skeleton', skeleton_text([[('7', frame)] for frame in pose]))
    np.testing.assert_allclose(read('kinect', path).keypoint[0], pose, atol=1e-6)


def test_the_frame_rate_of_mediapipe_from_its_times(tmp_path):
    content = json.loads(own.mediapipe(tmp_path / 'a.json').read_text())
    frames = [dict(frame, timestamp_ms=40 * t) for t, frame in enumerate(content['frames'])]
    assert read('mediapipe', own.write(tmp_path / 'b.json', frames)).fps == 25


@pytest.mark.parametrize('axes', ['MTVC', 'TMVC', 'CTVM', 'VCTM'])
@pytest.mark.parametrize('ending', ['.npy', '.npz'])
def test_arrays_in_any_order_of_axes(tmp_path, axes, ending):
    keypoint = np.random.default_rng(0).normal(size=(2, 7, 25, 3)).astype('f4')
    array = keypoint.transpose(['MTVC'.index(axis) for axis in axes])
    (np.save if ending == '.npy' else np.savez)(tmp_path / f'a{ending}', array)
    recording = read('array', tmp_path / f'a{ending}', axes=axes, layout=get_layout('ntu'))
    np.testing.assert_array_equal(recording.keypoint, keypoint)
    assert recording.score is None


def test_arrays_of_one_person_with_scores(tmp_path):
    array = np.arange(4 * 17 * 3.).reshape(4, 17, 3)
    np.save(tmp_path / 'a.npy', array)
    np.savez(tmp_path / 'a.npz', keypoint=array[..., :2], keypoint_score=array[..., 2], fps=15, other=array)
    for name, options in (('a.npy', dict(channels='xys')), ('a.npz', {})):
        recording = read('array', tmp_path / name, axes='TVC', layout=get_layout('coco'), **options)
        assert recording.keypoint.shape == (1, 4, 17, 2) and recording.keypoint[0, 1, 2].tolist() == [57, 58]
        assert recording.score[0, 1, 2] == 59
    assert recording.fps == 15


@pytest.mark.parametrize('header', ['letters', 'numbers', None])
def test_a_table_of_numbers(tmp_path, header):
    rows = np.arange(3 * 20 * 3.).reshape(3, 60).tolist()
    rows[0][0] = 7.
    rows[1][3] = ''
    names = dict(letters=[f'left knee {i}' for i in range(60)], numbers=range(60))
    lines = [[*names[header]], *rows] if header else rows
    path = own.write(tmp_path / 'a.csv', table(lines))
    keypoint = read('array', path, axes='TVC', layout=get_layout('nw_ucla')).keypoint
    assert keypoint.shape == (1, 3, 20, 3) and keypoint[0, 2, 1].tolist() == [123, 124, 125]
    assert np.isnan(keypoint[0, 1, 1, 0])
    turned = read('array', path, axes='TCV', layout=get_layout('nw_ucla')).keypoint
    assert turned[0, 2, 1].tolist() == [121, 141, 161]


@pytest.mark.parametrize('shape, options, said', [
    ((7, 25, 2, 3), dict(axes='MTVC'), 'the axes are probably TVMC, so use --axes TVMC'),
    ((25, 7, 3), dict(axes='TVC'), 'the axes are probably VTC, so use --axes VTC'),
    ((7, 20, 3), dict(axes='TVC'), 'has 20 joints with 3 coordinates if the axes of 7x20x3 are TVC, but layout "ntu"'),
    ((7, 25, 3), dict(axes='MTVC'), 'of shape (7, 25, 3), which axes "MTVC" do not describe'),
    ((7, 25, 3), {}, 'state the order of its axes with --axes'),
    ((7, 80), dict(axes='TVC'), 'has 80 columns, which do not fit the 25 joints of layout "ntu"'),
    ((7, 150), dict(axes='TMVC'), 'may have 2 or 3 coordinates for each joint: say which with --channels'),
    ((150, 7), dict(axes='VCT'), 'does not begin with T'),
    ((7, 25, 3), dict(axes='TVC', channels='xy'), 'has 3 numbers for each joint, but --channels xy means 2'),
])
def test_arrays_that_do_not_fit(tmp_path, shape, options, said):
    np.save(tmp_path / 'a.npy', np.ones(shape))
    with pytest.raises(UserError) as error:
        read('array', tmp_path / 'a.npy', layout=get_layout('ntu'), **options)
    assert said in str(error.value)


def damaged(path, **changes):
    content = json.loads(path.read_text())
    return own.write(path, {**content, **changes})


BAD = {
    'mmpose, cut off': ('mmpose', lambda f: own.write(f / 'a.json', '{"instance_info": [{'), 'is truncated or not'),
    'mmpose, empty': ('mmpose', lambda f: own.write(f / 'a.json', ''), 'is empty'),
    'mmpose, bytes': ('mmpose', lambda f: own.mmaction(f / 'a.json'), 'is not a text file'),
    'mmpose, deep': ('mmpose', lambda f: own.write(f / 'a.json', '[' * 100_000), 'is truncated or not JSON'),
    'mmpose, a picture': ('mmpose', lambda f: own.write(f / 'a.json', [dict(keypoints=[[1, 2]])]), 'of one picture'),
    'mmpose, other': ('mmpose', lambda f: own.write(f / 'a.json', {}), 'is not a result of MMPose'),
    'mmpose, joints': ('mmpose', lambda f: own.mmpose(f / 'a.json', [own.picture('openpose_coco18')]),
                       'has 18 keypoints for a person, not 17'),
    'mmpose, 3-D': ('mmpose', lambda f: own.mmpose(f / 'a.json', [own.body('coco')]), 'keypoints of 3 numbers each'),
    'mmpose, nobody': ('mmpose', lambda f: own.mmpose(f / 'a.json', [np.full((3, 17, 2), np.nan)]), 'has no person'),
    'mmpose, text': ('mmpose', lambda f: damaged(own.mmpose(f / 'a.json'), instance_info=[
        dict(frame_id=0, instances=[dict(keypoints=[['1', '2']])])]), 'are not a table of numbers'),
    'mmpose, ragged': ('mmpose', lambda f: damaged(own.mmpose(f / 'a.json'), instance_info=[
        dict(frame_id=0, instances=[dict(keypoints=[[1, 2], [1]])])]), 'are not a table of numbers'),
    'mmpose, far': ('mmpose', lambda f: damaged(own.mmpose(f / 'a.json'), instance_info=[
        dict(frame_id=i, instances=[dict(keypoints=[[1, 2]] * 17)]) for i in (0, 10**9)]), 'too long for a clip'),
    'mmpose, hands': ('mmpose', lambda f: damaged(own.mmpose(f / 'a.json'), meta_info=dict(
        keypoint_id2name={'0': 'wrist'})), 'begin with "wrist", so they are not those of COCO'),
    'mmaction, code': ('mmaction', lambda f: own.mmaction(f / 'a.pkl', label=print), 'is not a complete pickle'),
    'mmaction, a whole annotation': ('mmaction', lambda f: own.mmaction(f / 'a.pkl', annotations=[]),
                                     'is an annotation already'),
    'mmaction, no keypoint': ('mmaction', lambda f: own.mmaction(f / 'a.pkl', keypoint=None), 'no array "keypoint"'),
    'openpose, name': ('openpose', lambda f: own.write(f / 'a.json', dict(people=[])), 'is not named NAME_0000'),
    'openpose, frame': ('openpose', lambda f: own.write(f / 'v_000000000003_keypoints.json', '{"people": ['),
                        'cannot be used, since v_000000000003_keypoints.json is truncated'),
    'openpose, joints': ('openpose', lambda f: own.write(f / 'v_000000000003_keypoints.json', dict(
        people=[dict(pose_keypoints_2d=[1.5] * 45)])), 'has 15 joints, not 25 (BODY_25) or 18 (COCO)'),
    'azure, joints': ('azure_kinect', lambda f: own.azure(f / 'a.json', [own.body('ntu')]),
                      'has joint_positions of shape (25, 3), not (32, 3)'),
    'azure, no frames': ('azure_kinect', lambda f: own.write(f / 'a.json', dict(bone_list=[])), 'without "frames"'),
    'mediapipe, picture': ('mediapipe', lambda f: own.write(f / 'a.json', [dict(pose_landmarks=[])]),
                           'save pose_world_landmarks'),
    'mediapipe, joints': ('mediapipe', lambda f: own.write(f / 'a.json', [[[0, 1, 2]] * 25]),
                          'has landmarks of shape (25, 3), not (33, any)'),
    'mediapipe, column': ('mediapipe', lambda f: own.write(f / 'a.csv', 'x0,y0,z0\n1,2,3\n'), 'no column for left_eye'),
    'mediapipe, cell': ('mediapipe', lambda f: own.write(f / 'a.csv', 'frame,landmark,x,y,z\n0,0,?,2,3\n'),
                        "has '?' in row 2, which is not a number"),
    'array, objects': ('array', lambda f: np.save(f / 'a.npy', np.array([{}])) or f / 'a.npy', 'holds Python objects'),
    'array, cut off': ('array', lambda f: np.save(f / 'a.npy', np.ones(99)) or (f / 'a.npy').write_bytes(
        (f / 'a.npy').read_bytes()[:300]) and f / 'a.npy', 'is not a complete NumPy file'),
    'array, text': ('array', lambda f: own.write(f / 'a.csv', '1,2\n1,x\n'), 'is not a table of numbers'),
    'array, rows': ('array', lambda f: own.write(f / 'a.csv', '1,2\n1\n'), 'has rows of different lengths'),
}


@pytest.mark.parametrize('case', BAD)
def test_bad_files_get_one_sentence(tmp_path, case):
    name, make, said = BAD[case]
    path = make(tmp_path)
    with pytest.raises(UserError) as error:
        read(name, path, axes='TVC', **(dict(layout=get_layout('ntu')) if name == 'array' else {}))
    assert said in str(error.value) and '\n' not in str(error.value) and str(tmp_path) not in str(error.value)


JUNK = [None, True, -1, 10**30, 1e400, 'x', [], {}, [[]], [None], {'x': 1}, 0.5, float('nan'), [1, 2, 3]]


def places(tree, path=()):
    """The paths to all values in a tree of lists and dicts."""
    yield path
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(value, (*path, key))


def replaced(tree, path, value):
    if not path:
        return value
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return tree


@pytest.mark.parametrize('name', ['mmpose', 'openpose', 'azure_kinect', 'mediapipe'])
def test_whatever_stands_in_a_file_is_read_or_refused(tmp_path, name):
    layout = READERS[name].layout or 'openpose_coco18'
    make = dict(mmpose=lambda: own.mmpose(tmp_path / 'a.json', [own.picture(layout, 2)] * 2),
                openpose=lambda: next(own.openpose(tmp_path / 'a', persons=[own.picture(layout, 1)]).iterdir()),
                azure_kinect=lambda: own.azure(tmp_path / 'a.json', [own.body('azure_kinect', 2)]),
                mediapipe=lambda: own.mediapipe(tmp_path / 'a.json', own.world(2)))
    path = make[name]()
    text, rng = path.read_text(), random.Random(0)
    paths = list(places(json.loads(text)))
    shallow = [place for place in paths if len(place) < 5]
    for i in range(300):
        content = replaced(json.loads(text), rng.choice(shallow if i % 2 else paths), rng.choice(JUNK))
        own.write(path, content)
        try:
            clip = to_clip(read(name, path), Item(path, (path, ), 'a'), ReadOptions(), None)
        except UserError as error:
            assert '\n' not in str(error)
        else:
            assert clip_fault(clip, get_layout(layout)) is None or not np.isfinite(clip['keypoint']).all()


def test_files_in_the_formats_of_data_sets_may_have_any_name(tmp_path):
    person = own.body('ntu').astype(np.float32)
    np.savetxt(tmp_path / 'mine.txt', np.concatenate([person, 0 * person], 1).reshape(len(person), -1), fmt='%.9g')
    (tmp_path / 'notes.txt').write_text('150 ' * 149)
    assert guess_format(tmp_path, READERS) == 'kinect_text'
    text = read('kinect_text', tmp_path / 'mine.txt')
    np.testing.assert_allclose(text.keypoint, person[None], rtol=1e-6)
    skeletons = own.body('nw_ucla').astype(np.float32)
    own.write(tmp_path / 'json' / 'mine.json', dict(skeletons=skeletons.tolist()))
    assert guess_format(tmp_path / 'json', READERS) == 'kinect_json'
    np.testing.assert_array_equal(read('kinect_json', tmp_path / 'json/mine.json').keypoint, skeletons[None])
    assert (text.layout, text.fps) == ('ntu', 30)
