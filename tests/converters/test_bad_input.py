"""Bad files among good ones: each gets one sentence with its name and what to do, and the rest is converted."""

import numpy as np
import pytest

from hico_mm.cli.main import main
from hico_mm.datasets import load_plain_pickle
from tests.converters import own

ARRAY = ('--axes', 'TVC', '--layout', 'ntu')


def space(folder, name='bad', change=lambda pose: pose, fps=30, layout='ntu'):
    """A recording in space, as an array."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f'{name}.npz', keypoint=change(own.body(layout, seed=7)), fps=fps)


def picture(folder, name='bad', change=lambda pose: pose, **changes):
    """A recording in a picture, as a pickle of MMAction2."""
    own.mmaction(folder / f'{name}.pkl', **{'keypoint': change(own.picture('coco', seed=7)[None]), **changes})


def video_rates(folder):
    for name, fps in (('slow', 15), ('fast', 60)):
        space(folder, name, fps=fps)


CASES = {  # what is bad, its maker, the options, what is said, whether the file is left out
    'wrong joint count': (
        lambda folder: space(folder, layout='nw_ucla'), ARRAY,
        'bad.npz has 20 joints with 3 coordinates if the axes of 12x20x3 are TVC, but layout "ntu" has 25 joints',
        True),
    'wrong joint count, 2-D': (
        lambda folder: picture(folder, keypoint=np.ones((1, 12, 18, 2)), keypoint_score=None), (),
        'bad has 18 joints, but layout "coco" has 17: set the matching layout', True),
    'swapped axes': (
        lambda folder: space(folder, change=lambda pose: pose.swapaxes(0, 1)), ARRAY,
        'bad.npz has 12 joints with 3 coordinates if the axes of 25x12x3 are TVC, but layout "ntu" has 25 joints, and '
        'there are 2 or 3 coordinates: the axes are probably VTC, so use --axes VTC', True),
    'swapped axes, 2-D': (
        lambda folder: picture(folder, change=lambda pose: pose.swapaxes(0, 1), keypoint_score=None), (),
        'bad.pkl has 12 persons in 1 frame(s), so its axes are probably swapped', True),
    'millimetres': (
        lambda folder: space(folder, change=lambda pose: 1000 * pose), ARRAY,
        'so divide by 1000 or 100, as hico-mm convert does with --scale 0.001 or 0.01; one is bad', False),
    'upside down': (
        lambda folder: space(folder, change=lambda pose: pose * (-1, -1, 1)), ARRAY,
        '1 of the 4 clips show persons upside down in space, so y grows downwards, as in pictures: if they do not '
        'stand on their heads, use --upside-down for these files alone; one is bad', False),
    'upside down, 2-D': (
        lambda folder: picture(folder, change=lambda pose: (0, 720) + pose * (1, -1)), (),
        '1 of the 4 clips show persons upside down in the picture, so y grows upwards: if they do not stand on their '
        'heads, use --upside-down for these files alone; one is bad', False),
    'mixed frame rates': (
        video_rates, ARRAY,
        'the clips have from 15 (slow) to 60 (fast) frames per second: the same action then looks slower or faster, so '
        'bring them to one frame rate with --resample-fps 15', False),
    'unreadable': (
        lambda folder: own.write(folder / 'bad.npz', 'x'), ARRAY, 'bad.npz is', True),
    'unreadable, 2-D': (
        lambda folder: own.write(folder / 'bad.pkl', 'keypoint'), (), 'bad.pkl is', True),
}


@pytest.mark.parametrize('name', CASES)
def test_a_bad_file_among_good_ones(tmp_path, capsys, name):
    make, options, said, left_out = CASES[name]
    folder = tmp_path / 'Aufnahmen – 录像'
    flat = options == ()
    for good in 'a b', 'ü', '走':
        (picture if flat else space)(folder, good)
    make(folder)
    args = ['convert', str(folder), '--format', 'mmaction' if flat else 'array', *options, '--out']
    assert main([*args, str(tmp_path / 'a.pkl')]) == 0
    printed = capsys.readouterr().err
    assert printed.count(said) == 1, printed
    sentence, = (line for line in printed.splitlines() if said in line)
    assert sentence.startswith('dropped: ' if left_out else 'warning: ')
    names = [clip['frame_dir'] for clip in load_plain_pickle(tmp_path / 'a.pkl')['annotations']]
    assert {'a b', 'ü', '走'} <= set(names) and ('bad' in names) == (not left_out and make is not video_rates)
    assert main([*args, str(tmp_path / 'b.pkl'), '--strict']) == 1
    assert not (tmp_path / 'b.pkl').exists() and 'nothing was written' in capsys.readouterr().err


@pytest.mark.parametrize('flat', [True, False])
def test_labels_without_files_and_files_without_labels(tmp_path, capsys, flat):
    folder = tmp_path / 'raw'
    for name in 'a', 'b':
        (picture if flat else space)(folder, name)
    ending, options = ('pkl', ()) if flat else ('npz', ARRAY)
    args = ['convert', str(folder), '--format', 'mmaction' if flat else 'array', *options, '--out',
            str(tmp_path / 'a.pkl'), '--manifest', str(tmp_path / 'm.csv')]
    rows = [f'a.{ending},wave\n', f'gone.{ending},wave\n']
    own.write(tmp_path / 'm.csv', 'file,label\n' + ''.join(rows))
    assert main(args) == 0
    printed = capsys.readouterr().err
    assert f'dropped: {tmp_path}/m.csv names gone.{ending} in line 3, but there is no such file' in printed
    assert f'warning: 1 of the 2 clips are not in {tmp_path}/m.csv, so they have no label: add rows' in printed
    for kept in ([rows[0]], rows + [f'b.{ending},wave\n']):  # each fault alone is fatal
        own.write(tmp_path / 'm.csv', 'file,label\n' + ''.join(kept))
        assert main([*args, '--strict']) == 1
        assert 'nothing was written' in capsys.readouterr().err
    own.write(tmp_path / 'm.csv', f'file,label\na.{ending},wave\nb.{ending},wave\n')
    assert main([*args, '--strict']) == 0


def test_files_without_any_label_are_not_bad(tmp_path):
    for name in 'a', 'b':
        space(tmp_path / 'raw', name)
    assert main(['convert', str(tmp_path / 'raw'), *ARRAY, '--out', str(tmp_path / 'a.pkl'), '--strict']) == 0
