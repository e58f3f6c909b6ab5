import numpy as np
import pytest

from hico_mm.cli import check_annotations
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation


@pytest.fixture
def check(tmp_path, command):
    """Write an annotation, check it; returns the exit status and what was printed."""

    def run(annotation, *args):
        dump_pickle(annotation, tmp_path / 'mine.pkl')
        status, printed, errors = command(check_annotations.main, tmp_path / 'mine.pkl', *args)
        return status, printed + errors

    return run


def test_a_sound_file(check):
    annotation = make_annotation('nw_ucla', num_persons=1)
    frames = [clip['total_frames'] for clip in annotation['annotations']]
    status, printed = check(annotation, '--layout', 'nw_ucla')
    assert status == 0 and 'nothing is wrong' in printed
    assert 'clips     24 of 4 classes' in printed and '0: 6, 1: 6, 2: 6, 3: 6' in printed
    assert f'frames    {min(frames)} to {max(frames)}, median {int(np.median(frames))}' in printed
    assert '1 in 24 clips' in printed and '20 in 24 clips' in printed and 'float32' in printed
    assert 'splits    train: 12, val: 12' in printed


@pytest.mark.parametrize('change, message', [
    (lambda a: a['annotations'][3]['keypoint'].__setitem__((0, 0, 0, 0), np.nan), 'clip3 has NaN'),
    (lambda a: a['annotations'][3].update(keypoint=np.zeros((1, 5, 25, 3)), total_frames=5), 'clip3 is empty'),
    (lambda a: a['annotations'][3].update(total_frames=1000), 'clip3 has another total_frames'),
    (lambda a: a['annotations'][3].update(label='walk'), "clip3 has the label 'walk', not an integer"),
    (lambda a: a['annotations'][3].update(keypoint=np.ones((1, 5, 25)), total_frames=5),
     'clip3 has keypoints of shape'),
    (lambda a: a['annotations'][3].update(label=[1]), 'clip3 has the label (list), not an integer'),
    (lambda a: a['annotations'][3].update(keypoint=[[1], [2, 3]]), 'clip3 has keypoints that are not an array'),
    (lambda a: a['annotations'][3].update(frame_dir='clip4'), 'clip4 occurs more than once'),
    (lambda a: a['annotations'].append(make_annotation('nw_ucla')['annotations'][0]), 'different joints'),
    (lambda a: a['split']['val'].append('clip0'), 'clip0 is in train and in val'),
    (lambda a: a['split']['val'].append('clip99'), 'clip99 is in split val, but has no annotation'),
    (lambda a: a['split']['train'].append('clip1'), 'clip1 is in split train more than once'),
    (lambda a: a['split'].update(val=[]), 'the file has no clip in split val'),
    (lambda a: a['annotations'][-1].update(keypoint=a['annotations'][0]['keypoint'],
                                           total_frames=a['annotations'][0]['total_frames']),
     'clip23 (as clip0) of val has the keypoints of another clip'),
    (lambda a: a['annotations'][-1].update(label=77), '77 is a class that only the test side'),
])
def test_each_problem_is_named(check, change, message):
    annotation = make_annotation()
    change(annotation)
    status, printed = check(annotation)
    assert status == 1 and message in printed


@pytest.mark.parametrize('train, test', [('xsub_train', 'xsub_val'), ('train1', 'test1'), ('Training', 'Testing')])
def test_the_two_sides_of_a_protocol_by_their_names(check, train, test):
    annotation = make_annotation()
    annotation['split'] = {train: ['clip0', 'clip1'], test: ['clip1'], 'other_val': ['clip0'], 'train9': ['clip1']}
    printed = check(annotation)[1]
    assert f'clip1 is in {train} and in {test}' in printed and 'other_val and' not in printed
    assert 'train9 and' not in printed and 'and in train9' not in printed


def test_many_clips_of_one_fault_are_counted(check):
    annotation = make_annotation()
    for clip in annotation['annotations']:
        clip['keypoint'] *= np.nan
    assert 'clip9 and 14 more has NaN' in check(annotation)[1]


def test_another_layout_and_other_files(check):
    assert 'has 25 joints, but layout "nw_ucla" has 20' in check(make_annotation(), '--layout', 'nw_ucla')[1]
    assert 'is not a skeleton annotation' in check(dict(clips=[]))[1]
    assert check(make_annotation()['annotations'])[0] == 0


@pytest.mark.parametrize('changes, message', [
    (dict(frame_dir=['a']), '(list) has no name that is a line of text'),
    (dict(frame_dir='\ud800'), '(str) has no name'),
    (dict(label=np.zeros(3)), 'clip3 has the label (ndarray)'), (dict(label='\u00b2'), "clip3 has the label '\u00b2'"),
    (dict(label=True), 'clip3 has the label True'), (dict(total_frames=np.zeros(2)), 'clip3 has another total_frames'),
    (dict(total_frames='3'), 'clip3 has another total_frames'), (dict(keypoint=3), 'clip3 has keypoints that are not')])
def test_it_does_not_die_of_what_it_is_to_report(check, changes, message):
    annotation = make_annotation()
    annotation['annotations'][3].update(changes)
    status, printed = check(annotation)
    assert status == 1 and message in printed
    printed.encode('utf-8')


def test_what_is_legal_but_suspicious_is_a_warning(check):
    annotation = make_annotation()
    annotation['classes'] = ['a', 'b', 'c']
    for clip in annotation['annotations']:
        clip['keypoint'] = 1000 * clip['keypoint']
    del annotation['annotations'][0]['label'], annotation['annotations'][12]['label']
    status, printed = check(annotation, '--layout', 'ntu')
    assert status == 0 and 'nothing is wrong' in printed and 'no label: 2' in printed and 'of 4 classes' in printed
    for said in ('24 of the 24 clips have bones', '6 of the 24 clips have labels up to 3', '2 of the 24 clips have no'):
        assert f'warning: {said}' in printed
