import json
import re
import shlex

import numpy as np
import pytest
from PIL import Image

from hico_mm.apis import read_clip
from hico_mm.apis.views import make_views
from hico_mm.cli import show
from hico_mm.cli.main import main
from hico_mm.fileio import dump_pickle
from tests.converters.own import body, mmaction, openpose
from tests.helpers import make_annotation


@pytest.fixture
def world(tmp_path):
    annotation = make_annotation('nw_ucla', num_persons=1)
    dump_pickle(dict(annotation, classes=['sit', 'wave', 'kick', 'push']), tmp_path / 'mine.pkl')
    np.save(tmp_path / 'turned.npy', body('ntu')[None].transpose(3, 1, 2, 0))
    openpose(tmp_path / 'video')
    mmaction(tmp_path / 'pose.pkl')
    return tmp_path


@pytest.mark.parametrize('words, said', [
    ('mine.pkl', '4 clips with skeleton "nw_ucla"'), ('mine.pkl:clip2', '1 clip with'),
    ('mine.pkl --clips clip5 clip1 --columns 3', '2 clips with'), ('mine.pkl --most 1 --frames 1 1', '1 clip'),
    ('turned.npy --axes CTVM', 'skeleton "ntu", up is y (found from the spines)'),
    ('turned.npy --axes ctvm --layout ntu --up -z', 'up is -z (as stated)'),
    ('video', 'skeleton "openpose_body25", up is -y (pixels)'), ('pose.pkl', 'skeleton "coco", up is -y'),
    ('video turned.npy --axes CTVM', '1 clip with skeleton "ntu"')])
def test_every_kind_of_source(world, words, said, command, monkeypatch):
    monkeypatch.chdir(world)
    code, printed, errors = command(show.main, *words.split(), '--out', 'a.png')
    assert code == 0, errors
    assert said in printed and 'a.png: ' in printed
    assert printed.splitlines()[-1].startswith('next: hico-mm show ')
    with Image.open(world / 'a.png') as image:
        assert image.width > 300


@pytest.mark.parametrize('ending', ['.gif', '.html', '.svg', '.pdf'])
def test_the_ending_says_the_format(world, ending, command, monkeypatch):
    monkeypatch.chdir(world)
    code, printed, errors = command(show.main, 'mine.pkl', '--most', 1, '--streams', '--out', f'a{ending}')
    assert code == 0, errors
    head = {'.gif': b'GIF8', '.html': b'<!DO', '.svg': b'<?xm', '.pdf': b'%PDF'}[ending]
    assert (world / f'a{ending}').read_bytes()[:4] == head
    assert ('3 moving skeletons' if ending in ('.gif', '.html') else '3 rows of frames') in printed


def test_views_are_those_of_the_first_training_step(world, command, monkeypatch):
    import torch
    from mmaction.registry import MODELS
    from mmengine.registry import init_default_scope

    from hico_mm.datasets import skeleton_collate
    from hico_mm.datasets.transforms import NormalizeSkeleton
    from hico_mm.engine.hooks.step_seed_hook import step_seed
    from hico_mm.wiring import complete_config, load_config

    monkeypatch.chdir(world)
    clips = [read_clip(f'mine.pkl:clip{number}') for number in (3, 7)]
    made = make_views(clips, 'hico_gru_nwucla', seed=5)
    config = load_config('hico_gru_nwucla')
    complete_config(config)
    init_default_scope('mmaction')
    normalised = [NormalizeSkeleton('nw_ucla')(dict(keypoint=clip.keypoint))['keypoint'] for clip in clips]
    torch.manual_seed(step_seed(5, 0, 0))
    batch = skeleton_collate([dict(inputs=torch.from_numpy(clip)) for clip in normalised])
    expected = MODELS.build(config.model.data_preprocessor)(batch, True)['inputs']
    for views, clip, wanted in zip(made, normalised, expected):
        np.testing.assert_allclose(views.normalised, clip, atol=1e-6)
        np.testing.assert_allclose(np.stack(views.views), wanted, atol=1e-6)
        assert views.stream == 'joint' and len(views.views) == 2
    words = 'mine.pkl --most 2 --views --config hico_gru_nwucla --seed 5 --out views.html'
    code, printed, errors = command(show.main, *words.split())
    assert code == 0 and '8 moving skeletons' in printed and 'next: hico-mm train hico_gru_nwucla' in printed, errors


def test_a_skeleton_of_ones_own_is_read_from_a_file(world, command, monkeypatch):
    monkeypatch.chdir(world)
    np.save('own.npy', np.random.default_rng(0).normal(size=(1, 9, 5, 3)))
    (world / 'own.json').write_text(json.dumps(dict(name='own', parents=[0, 0, 1, 2, 3], center=0)))
    code, _, errors = command(show.main, 'own.npy', '--out', 'a.png')
    assert code == 1 and 'own has 5 joints of 3 coordinates, which is no skeleton known here' in errors
    code, printed, errors = command(show.main, 'own.npy', '--layout', 'own.json', '--out', 'a.png')
    assert code == 0 and 'skeleton "own", up is y (assumed; --up changes it)' in printed, errors


@pytest.mark.parametrize('words, said', [
    ('mine.pkl --out a.txt', 'must end with .png'), ('mine.pkl --views --out a.png', '--views needs the config'),
    ('mine.pkl --seed 3 --out a.png', '--seed is for --views'), ('mine.pkl --columns 3 --out a.gif', 'leave it out'),
    ('mine.pkl --numbers --out a.html', '--numbers is for .png, .pdf and .svg'),
    ('mine.pkl --axes TVC --out a.png', '--axes describes'), ('mine.pkl --up up --out a.png', 'invalid choice')])
def test_what_has_no_meaning_is_refused(world, words, said, capsys):
    with pytest.raises(SystemExit):
        show.main(words.split())
    assert said in capsys.readouterr().err


@pytest.mark.parametrize('words, said', [
    ('gone.pkl', 'gone.pkl'), ('video --clips a', 'video is not an annotation pickle, so --clips has no meaning'),
    ('video --up z', 'is 2-D, so y points down in it and --up has no meaning'),
    ('mine.pkl --layout ntu', 'mine.pkl has no valid clip of layout "ntu": run hico-mm check on it'),
    ('mine.pkl --clips nobody', 'mine.pkl has no valid clip nobody: run hico-mm check'),
    ('mine.pkl --views --config hico_gru_ntu60', 'mine.pkl has no valid clip of layout "ntu"'),
    ('video --views --config hico_gru_ntu60', '"openpose_body25", but config hico_gru_ntu60 takes "ntu" with'),
    ('mine.pkl --format array', 'mine.pkl is an annotation, so --format has no meaning: leave it out'),
    ('video --axes CTVM', '--axes describes arrays, but none of the clips is one'),
    ('mine.pkl --views --config nothing', 'config nothing does not exist'),
    ('mine.pkl --frames 1 999', 'so there are no frames 1 to 999'), ('turned.npy', 'are MTVC, but there are 2 or 3')])
def test_mistakes_get_one_sentence(world, words, said, command, monkeypatch):
    monkeypatch.chdir(world)
    code, _, errors = command(show.main, *words.split(), '--out', 'a.png')
    assert code == 1 and said in errors and len(errors.strip().splitlines()) == 1, errors
    assert not (world / 'a.png').exists()


@pytest.mark.parametrize('words, advice', [
    ('turned.npy --axes CTVM --layout ntu --columns 3 --numbers --out a.png',
     'hico-mm show turned.npy --axes CTVM --layout ntu --out a.html'),
    ('turned.npy --axes CTVM --layout=ntu --out a.gif',
     'hico-mm convert turned.npy --axes CTVM --layout=ntu --out data/mine.pkl'),
    ('mine.pkl:clip2 --out a.gif', 'hico-mm check mine.pkl'),
    ('mine.pkl --most 1 --views --config hico_gru_nwucla --out a.png',
     'hico-mm show mine.pkl --most 1 --views --config hico_gru_nwucla --out a.html')])
def test_the_next_command_works(world, words, advice, command, monkeypatch):
    monkeypatch.chdir(world)
    code, printed, errors = command(show.main, *words.split())
    assert code == 0, errors
    said = re.search(r'next: (.*?)(?: shows them move| makes an | reports what)', printed)[1]
    assert said == advice
    assert main(shlex.split(said)[1:]) == 0
