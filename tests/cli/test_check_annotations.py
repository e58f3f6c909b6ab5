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
    assert status == 0 and 'no problems found' in printed
    assert 'clips     24 of 4 classes' in printed and '0: 6, 1: 6, 2: 6, 3: 6' in printed
    assert f'frames    {min(frames)} to {max(frames)}, median {int(np.median(frames))}' in printed
    assert '1 in 24 clips' in printed and '20 in 24 clips' in printed and 'float32' in printed
    assert 'splits    train: 12, val: 12' in printed


@pytest.mark.parametrize('change, message', [
    (lambda a: a['annotations'][3]['keypoint'].__setitem__((0, 0, 0, 0), np.nan), 'clip3 has NaN'),
    (lambda a: a['annotations'][3].update(keypoint=np.zeros((1, 5, 25, 3)), total_frames=5), 'clip3 is empty'),
    (lambda a: a['annotations'][3].update(total_frames=1000), 'clip3 has a total_frames that'),
    (lambda a: a['annotations'][3].update(label='walk'), "clip3 has the label 'walk', not an integer"),
    (lambda a: a['annotations'][3].update(keypoint=np.ones((1, 5, 25)), total_frames=5),
     'clip3 has keypoints of shape'),
    (lambda a: a['annotations'][3].update(label=[1]), 'clip3 has the label (list), not an integer'),
    (lambda a: a['annotations'][3].update(keypoint=[[1], [2, 3]]), 'clip3 has keypoints that are not an array'),
    (lambda a: a['annotations'][3].update(frame_dir='clip4'), 'clip4 occurs more than once'),
    (lambda a: a['annotations'].append(make_annotation('nw_ucla')['annotations'][0]), 'different joints'),
    (lambda a: a['split']['val'].append('clip0'), 'clip0 is in both train and val'),
    (lambda a: a['split']['val'].append('clip99'), 'clip99 is in split val, but has no annotation'),
    (lambda a: a['split']['train'].append('clip1'), 'clip1 is in split train more than once'),
    (lambda a: a['split'].update(val=[]), 'error: split val has no clips'),
    (lambda a: a['annotations'][-1].update(label=77), 'error: val has classes that train does not have: 77'),
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
    assert f'clip1 is in both {train} and {test}' in printed and 'other_val and' not in printed
    assert 'train9 and' not in printed and 'and train9' not in printed


def test_many_clips_of_one_fault_are_counted(check):
    annotation = make_annotation()
    for clip in annotation['annotations']:
        clip['keypoint'] *= np.nan
    printed = check(annotation)[1]
    assert 'error: clip0 has NaN' in printed and '(and 23 more: clip1, clip2, clip3, clip4, ...)' in printed


def test_another_layout_and_other_files(check):
    assert 'has 25 joints, but layout "nw_ucla" has 20' in check(make_annotation(), '--layout', 'nw_ucla')[1]
    assert 'is not a skeleton annotation' in check(dict(clips=[]))[1]
    assert check(make_annotation()['annotations'])[0] == 0


@pytest.mark.parametrize('changes, message', [
    (dict(frame_dir=['a']), '(list) has no name (frame_dir) that is one line of text'),
    (dict(frame_dir='\ud800'), '(str) has no name'),
    (dict(label=np.zeros(3)), 'clip3 has the label (ndarray)'), (dict(label='\u00b2'), "clip3 has the label '\u00b2'"),
    (dict(label=True), 'clip3 has the label True'), (dict(total_frames=np.zeros(2)), 'clip3 has a total_frames that'),
    (dict(total_frames='3'), 'clip3 has a total_frames that'), (dict(keypoint=3), 'clip3 has keypoints that are not')])
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
    assert status == 0 and 'errors: 0, warnings: 3' in printed
    assert 'no label: 2' in printed and 'of 4 classes' in printed
    for said in ('24 of the 24 clips have bones', '6 of the 24 clips have labels up to 3', '2 of the 24 clips have no'):
        assert f'warning: {said}' in printed


def each(change):
    """A change of every clip."""

    def apply(annotation):
        for clip in annotation['annotations']:
            change(clip)
            clip['total_frames'] = clip['keypoint'].shape[1]

    return apply


@pytest.mark.parametrize('change, status, message', [
    (each(lambda clip: clip.update(keypoint=clip['keypoint'][0])), 1,
     'the axis of persons is missing, so add it with keypoint[None] (and 23 more'),
    (each(lambda clip: clip.update(keypoint=clip['keypoint'].transpose(3, 1, 2, 0)[..., :1])), 1,
     'if they are (C, T, V, M), use keypoint.transpose(3, 1, 2, 0)'),
    (each(lambda clip: clip.update(keypoint=clip['keypoint'].repeat(2, -1)[..., :4])), 1,
     'put a score into keypoint_score'),
    (each(lambda clip: clip.update(label=clip['label'] + 1)), 0,
     'labels go from 1 to 4, but must start at 0: subtract 1'),
    (lambda a: a.pop('split'), 0, 'there are no splits'),
    (each(lambda clip: clip.update(keypoint=clip['keypoint'][:, :1])), 0, '24 of the 24 clips have a single frame'),
    (each(lambda clip: clip['keypoint'].__setitem__((slice(None), slice(None), [3, 7]), 0)), 0,
     'joint(s) 3, 7 are zero in every clip'),
    (each(lambda clip: clip.update(keypoint=1000 * clip['keypoint'])), 0, '24 of the 24 clips have bones with'),
    (each(lambda clip: clip.update(keypoint=clip['keypoint'].transpose(1, 0, 2, 3))), 0,
     'more persons than frames, such as'),
    (lambda a: a['annotations'][-1].update({key: a['annotations'][0][key] for key in ('keypoint', 'total_frames')}), 0,
     'clip23 (as clip0) of val has the same keypoints as another clip'),
])
def test_a_fault_of_all_clips_is_one_finding_with_the_remedy(check, change, status, message):
    annotation = make_annotation()
    change(annotation)
    code, printed = check(annotation)
    found = [line for line in printed.splitlines() if line.startswith(('error:', 'warning:'))]
    assert code == status and sum(message in line for line in found) == 1, printed
    assert sum(line.startswith('error') for line in found) == status


def test_a_file_is_compared_with_a_config(check):
    annotation = make_annotation('nw_ucla', num_persons=2, num_classes=11)
    code, printed = check(annotation, '--config', 'hico_nwucla_linear')
    assert code == 1 and 'has a label of 10 or more, but the config has 10 classes' in printed
    assert 'there is no split "xview_train", which the config uses: the file has [\'train\', \'val\']' in printed
    printed = check(annotation, '--config', 'hico_gru_nwucla')[1]
    assert '66 of the 66 clips have more persons than the 1 that the config takes' in printed
    code, printed = check(make_annotation(), '--config', 'hico_nwucla_linear')
    assert code == 1 and 'has 25 joints, but layout "nw_ucla" has 20' in printed
