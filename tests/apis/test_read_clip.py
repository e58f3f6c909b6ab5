import json

import numpy as np
import pytest
from mmengine.config import Config

from hico_mm.apis import init_model, read_clip
from hico_mm.apis.prepare import ClipPreparer
from hico_mm.apis.read_clip import clips_in
from hico_mm.converters import registry
from hico_mm.errors import UserError
from hico_mm.fileio import dump_pickle
from tests.converters import own
from tests.converters.own import azure, openpose
from tests.helpers import make_annotation, skeleton_text, small_model

CLIP = np.random.default_rng(0).normal(size=(2, 7, 25, 3)).astype('f4')


def test_an_ntu_file_has_its_persons_and_its_frame_rate(tmp_path):
    path = tmp_path / 'S001C001P001R001A001.skeleton'
    path.write_text(skeleton_text([[('7', frame)] for frame in CLIP[0]]))
    clip = read_clip(path)
    np.testing.assert_allclose(clip.keypoint, CLIP[:1], rtol=1e-6)
    assert clip[0] == path.stem and clip.layout == 'ntu' and clip.fps == 30


def test_a_clip_of_nw_ucla_needs_no_special_name(tmp_path):
    path = tmp_path / 'mine.json'
    path.write_text(json.dumps(dict(skeletons=CLIP[0, :, :20].tolist())))
    clip = read_clip(str(path))
    np.testing.assert_array_equal(clip.keypoint, CLIP[:1, :, :20])
    assert clip.layout == 'nw_ucla' and clip.fps is None


def test_frames_of_a_recording_of_pku_are_counted_from_1_and_absent_persons_left_out(tmp_path):
    path, recording = tmp_path / '0002-L.txt', CLIP.copy()
    recording[1, 3:] = 0
    np.savetxt(path, recording.transpose(1, 0, 2, 3).reshape(7, -1), fmt='%.9g')
    np.testing.assert_allclose(read_clip(path).keypoint, recording, rtol=1e-6)
    both, late = read_clip(path, frames=(2, 4)), read_clip(path, frames=(4, 7))
    np.testing.assert_allclose(both.keypoint, recording[:, 1:4], rtol=1e-6)
    np.testing.assert_allclose(late.keypoint, recording[:1, 3:], rtol=1e-6)
    assert late.name == '0002-L[4-7]'
    for frames in ((0, 3), (3, 8), (5, 4)):
        with pytest.raises(UserError, match='0002-L has 7 frames, so there are no frames'):
            read_clip(path, frames=frames)


@pytest.mark.parametrize('axes', ['MTVC', 'CTVM', 'TMVC', 'VCMT'])
def test_the_axes_of_an_array(axes, tmp_path):
    stored = CLIP.transpose(['MTVC'.index(axis) for axis in axes])
    np.save(tmp_path / 'a.npy', stored)
    np.savez(tmp_path / 'a.npz', keypoint=stored, fps=25, other=np.zeros(3))
    for source in (tmp_path / 'a.npy', tmp_path / 'a.npz', stored):
        np.testing.assert_array_equal(read_clip(source, axes=axes).keypoint, CLIP)
    assert read_clip(tmp_path / 'a.npz', axes=axes, layout='ntu')[2:4] == ('ntu', 25)


def test_one_person_may_have_no_axis():
    np.testing.assert_array_equal(read_clip(CLIP[0]).keypoint, CLIP[:1])
    np.testing.assert_array_equal(read_clip(CLIP[0].transpose(2, 0, 1), axes='CTV').keypoint, CLIP[:1])


def test_a_clip_of_an_annotation(tmp_path):
    annotation = make_annotation()
    dump_pickle(annotation, tmp_path / 'mine.pkl')
    entry = annotation['annotations'][5]
    for clip in (read_clip(f'{tmp_path}/mine.pkl:clip5'), read_clip(entry)):
        np.testing.assert_array_equal(clip.keypoint, entry['keypoint'])
        assert (clip.name, clip.label, clip.img_shape) == ('clip5', 1, (1080, 1920))


@pytest.mark.parametrize('name, content, said', [
    ('a.skeleton', b'3\n1\n', 'a.skeleton is truncated'), ('a.json', b'{"skeletons": [[1]]}', 'has skeletons of shape'),
    ('a.json', b'{"skeletons"', 'a.json is truncated or not JSON'), ('a.json', b'[]', 'a.json has no known format'),
    ('a.txt', b'# Notes', 'a.txt has no known format: give a file in one of those that hico-mm convert --help lists'),
    ('a.txt', b' '.join([b'0'] * 150) + b'\n0', 'a.txt is truncated or not a table of numbers'),
    ('a.npy', b'', 'a.npy is not a complete NumPy file'), ('a.npz', b'PK\3\4', 'a.npz is not a complete NumPy file'),
    ('a.doc', b'', 'a.doc has no known format'), ('a.skeleton', b'1\n0\n', 'a.skeleton has no body in any frame'),
    ('a.txt', b' '.join([b'0'] * 150), 'a.txt has no body in any frame')])
def test_a_file_that_cannot_be_used_is_named(name, content, said, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        read_clip(tmp_path / name)


def test_objects_in_an_array_are_not_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path / 'evil').touch, ()

    np.save(tmp_path / 'a.npy', np.array([Evil()], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match='is not a complete NumPy file of numbers .it holds Python objects'):
        read_clip(tmp_path / 'a.npy')
    assert not (tmp_path / 'evil').exists()


def test_mistakes(tmp_path):
    dump_pickle(make_annotation(), tmp_path / 'mine.pkl')
    np.savez(tmp_path / 'two.npz', a=CLIP, b=CLIP)
    np.savez(tmp_path / 'slow.npz', keypoint=CLIP, fps=0)
    (tmp_path / 'a.skeleton').write_text(skeleton_text([[('7', frame)] for frame in CLIP[0]]))
    for source, options, said in (
            (tmp_path / 'none.npy', {}, 'none.npy does not exist: give'),
            (tmp_path, {}, 'has 4 clips: give the file or the folder of one of them'),
            (f'{tmp_path}/mine.pkl:clip99', {}, 'mine.pkl has no clip "clip99"'),
            (f'{tmp_path}/gone.pkl:clip1', {}, 'gone.pkl'), (tmp_path / 'mine.pkl', {}, 'FILE.pkl:NAME'),
            (tmp_path / 'two.npz', {}, 'has the arrays .*: name the one to read keypoint'),
            (tmp_path / 'two.npz', dict(format='excel'), 'there is no format "excel": use one of '),
            (tmp_path / 'slow.npz', {}, 'an "fps" that is not a number above 0'),
            (CLIP, dict(axes='MTV'), 'axes "MTV" do not describe'), (CLIP[0], dict(axes='MTVC'), 'do not describe'),
            ([[1], [2, 3]], {}, 'is not an array'), (dict(frame_dir='a'), {}, 'has no keypoint'),
            (tmp_path / 'a.skeleton', dict(axes='TVC'), 'is not an array, so axes "TVC" has no meaning'),
            (CLIP, dict(format='array'), 'clip is not a file, so format "array" has no meaning'),
            (f'{tmp_path}/mine.pkl:clip1', dict(format='array'), 'is a clip of an annotation, so format "array"'),
            (tmp_path / 'a.skeleton', dict(layout='coco'), 'has 25 joints, but layout "coco" has 17')):
        with pytest.raises((UserError, FileNotFoundError), match=said):
            read_clip(source, **options)


def test_reads_what_convert_reads(tmp_path):
    folder = tmp_path / 'frames'
    folder.mkdir()
    openpose(folder)
    azure(tmp_path / 'kinect.json')
    clip = read_clip(folder)
    assert clip.keypoint.shape[2:] == (25, 2) and clip.layout == 'openpose_body25'
    other = read_clip(tmp_path / 'kinect.json')
    assert other.keypoint.shape[2:] == (32, 3) and other.layout == 'azure_kinect' and other.fps
    openpose(folder, video='another')
    with pytest.raises(UserError, match='has 2 clips: give the file or the folder of one of them'):
        read_clip(folder)


def test_an_openpose_folder_is_one_clip_and_a_folder_of_several_kinds_has_all_of_its_clips(tmp_path):
    for name in 'run', 'jump':
        openpose(tmp_path / 'videos' / name)
    np.save(tmp_path / 'videos/wave.npy', CLIP)
    (tmp_path / 'videos/notes.md').write_text('')
    (tmp_path / 'videos/.hidden.npy').write_bytes(b'')
    found = clips_in(tmp_path / 'videos')
    assert [one.item.name for one in found] == ['jump', 'run', 'wave'] and [one.is_array for one in found] == [0, 0, 1]
    clips = [read_clip(one) for one in found]
    assert [clip.keypoint.shape for clip in clips] == [(1, 12, 25, 2)] * 2 + [CLIP.shape]
    np.testing.assert_array_equal(clips[0].keypoint, read_clip(tmp_path / 'videos/jump').keypoint)
    assert clips_in('FILE.pkl:clip') == ['FILE.pkl:clip']
    (tmp_path / 'empty').mkdir()
    with pytest.raises(UserError, match='empty has no recording in a known format'):
        clips_in(tmp_path / 'empty')


def test_a_reader_that_a_user_registers_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, 'READERS', dict(registry.READERS))
    (tmp_path / 'a.marks').write_text('1')
    with pytest.raises(UserError, match='a.marks has no known format'):
        read_clip(tmp_path / 'a.marks')
    registry.register_reader('marks', ('.marks', ))(lambda files, options: registry.Recording(CLIP, 'ntu', fps=50))
    clip = read_clip(tmp_path / 'a.marks')
    np.testing.assert_array_equal(clip.keypoint, CLIP)
    assert clip.layout == 'ntu' and clip.fps == 50


def test_a_file_that_two_readers_fit_needs_its_format(tmp_path):
    (tmp_path / 'a.json').write_text('{"skeletons": [], "instance_info": []}')
    with pytest.raises(UserError, match='a.json could be of the formats mmpose, kinect_json: choose one with --format'):
        read_clip(tmp_path / 'a.json')
    with pytest.raises(UserError, match='a.json has skeletons of shape'):
        read_clip(tmp_path / 'a.json', format='kinect_json')


def test_a_recording_keeps_as_many_persons_as_the_model_takes(tmp_path):
    bodies = [own.body('azure_kinect', center=(x, 0, 3)) for x in (0, 1, 2)]
    path = own.azure(tmp_path / 'a.json', bodies, (1, 2, 3))
    assert len(read_clip(path).keypoint) == 2 and len(read_clip(path, persons=3).keypoint) == 3
    model = small_model(**{'data_preprocessor.num_persons': 3, 'data_preprocessor.layout': 'azure_kinect'})
    prepare = ClipPreparer(init_model(Config(dict(model=model, load_pipeline=[]))))
    assert len(prepare.read(path).keypoint) == 3
