"""What is in the file, without a browser."""

import html.parser
import json
import re
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import torch

from hico_mm.apis import init_model
from hico_mm.cli import report as command
from hico_mm.cli.main import main
from hico_mm.evaluation import encode
from hico_mm.report.baselines import untrained
from hico_mm.report.clips import Clips, pack_clips
from hico_mm.report.page import curves_of
from hico_mm.report.render import render, script_json
from hico_mm.report.runs import find_checkpoint, find_run_config, loaders_of, open_run
from hico_mm.structures import get_layout
from tests.cli.mistakes import inside
from tests.report.conftest import CLASSES, TITLE

pytest.importorskip('sklearn')


class Parser(html.parser.HTMLParser):
    """The elements of a page, with their attributes and texts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append([tag, dict(attrs), ''])
        self.elements.append(self.open[-1])

    def handle_endtag(self, tag):
        names = [name for name, *_ in self.open]
        if tag in names:
            del self.open[len(names) - 1 - names[::-1].index(tag):]

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def find(self, tag):
        return [(attributes, text) for name, attributes, text in self.elements if name == tag]


@pytest.fixture(scope='module')
def parsed(page):
    return Parser(page.read_text())


@pytest.fixture(scope='module')
def data(parsed):
    return json.loads(next(text for attributes, text in parsed.find('script') if attributes.get('id') == 'data'))


def test_the_page_is_whole_and_loads_nothing(page, parsed):
    assert len(parsed.find('script')) == 3  # data, skeletons, program: no name of a class has become another
    assert not parsed.find('img') and not parsed.find('iframe')
    assert {attributes['href'] for attributes, _ in parsed.find('link')} == {'data:,'}
    assert all('src' not in attributes for attributes, _ in parsed.find('script'))
    assert "default-src 'none'" in str(parsed.find('meta'))
    assert not re.search(r'https?://(?!www\.w3\.org/)', page.read_text())
    assert parsed.find('title')[0][1] == TITLE
    assert '<!-- ' not in page.read_text()


def test_names_are_kept_as_they_are(data):
    assert data['sets'][0]['classes'][:4] == CLASSES and data['title'] == TITLE
    assert any('<img' in name for name in data['sets'][0]['name'])


def test_the_numbers_are_those_of_the_log(work, said, data):
    run, = data['runs']
    knn, classifier = run['results']
    lines = [json.loads(line) for line in next(work.glob('linear/*/vis_data/scalars.json')).read_text().splitlines()]
    last = [line for line in lines if 'acc/top1' in line][-1]
    assert classifier['value'] == pytest.approx(last['acc/top1']) and knn['value'] == pytest.approx(last['acc/knn'])
    assert f'k-NN {100 * knn["value"]:.2f} % of 20 test clips' in said and 'linear has the encoder of pretrain' in said
    labels, test = np.array(data['sets'][0]['label']), np.array(data['sets'][0]['test'])
    for one in run['results']:
        right = np.array(run['predictions'][one['key']])[test == 1] == labels[test == 1]
        assert one['correct'] == right.sum() and one['total'] == len(right) == 20
    assert run['calibration']['accuracy'] == pytest.approx(classifier['value'])
    predicted = {*labels[test == 1], *np.array(run['predictions'][classifier['key']])[test == 1]}
    # MMAction2 counts classes that are predicted but have no clip, as if they were never right.
    assert classifier['mean_class'] == pytest.approx(last['acc/mean1'] * len(predicted) / 4)
    assert [row['name'] for row in data['sets'][0]['baselines']] == [
        'most frequent class', 'k-NN on raw coordinates', 'k-NN on untrained encoder']


def test_what_is_known_of_each_clip(data):
    clips, run = data['sets'][0], data['runs'][0]
    assert clips['test'] == [0] * 20 + [1] * 20 and len(run['map']) == 80
    assert set(clips['camera']) == {'1', '2', '3'} and set(clips['subject']) == {'1', '2', '3', '4', '5'}
    places = np.array(run['neighbours'])
    assert places.shape == (40, 5) and places.max() < 20
    assert (places[:20] != np.arange(20)[:, None]).all()
    curves = run['curves'][0]
    assert len(curves['loss instance']) == 2 and 'accuracy k-NN, test' in curves
    assert ['task', 'pretraining'] in run['models'][0]['rows']


def test_skeletons_have_the_length_that_the_player_expects(parsed, data):
    text = next(text for attributes, text in parsed.find('script') if attributes.get('id') == 'skeletons-0')
    sizes = [2 * persons * frames * 25 * 3 for persons, frames, _ in data['sets'][0]['play']]
    assert len(text) == sum(4 * -(-size // 3) for size in sizes)


def test_large_sets_are_sampled_and_the_page_says_so(work, data, monkeypatch):
    out = work / 'small.html'
    with inside(work):
        assert main(['report', 'pretrain', '--out', str(out), '--max-clips', '30', '--max-mb', '1']) == 0
    found = json.loads(re.search(r'id="data">(.*?)</script>', out.read_text())[1])
    clips = found['sets'][0]
    assert len(clips['name']) == 30 and clips['total'] == 40 and clips['gallery'] == 20
    assert found['runs'][0]['results'][0]['value'] == data['runs'][0]['results'][0]['value']  # of all clips
    assert found['runs'][0]['calibration'] is None


def test_json_cannot_end_its_script():
    names = ['</script><script>', '<!--', ']]>', '\u2028', '&amp;']
    text = script_json(names)
    assert '<' not in text and '>' not in text and json.loads(text) == names


def test_a_title_is_text(data):
    clips = dict(data['sets'][0], skeletons='')
    text = render(dict(data, sets=[clips]), '</title><script>alert(3)</script><!-- data -->')
    assert len(Parser(text).find('script')) == 3


def test_the_last_checkpoint_is_used_and_the_config_of_training(work, tmp_path):
    assert find_checkpoint(work / 'pretrain').name == 'epoch_2.pth'
    assert find_checkpoint(work / 'linear' / 'epoch_2.pth').name == 'epoch_2.pth'
    assert find_run_config(work / 'linear').parent.name == 'vis_data'
    for name in ('best_acc_top1_epoch_9.pth', 'epoch_2.pth', 'epoch_10.pth'):
        (tmp_path / name).write_text('')
    assert find_checkpoint(tmp_path).name == 'epoch_10.pth'
    (tmp_path / 'last_checkpoint').write_text('/somewhere/else/epoch_2.pth')  # the folder was moved
    assert find_checkpoint(tmp_path).name == 'epoch_2.pth'


def test_clips_beyond_the_limit_cannot_be_played(data):
    assert all(data['sets'][0]['play'])
    clip = dict(frame_dir='a', keypoint=np.ones((1, 32, 25, 3), np.float32))
    clips = Clips(['a'] * 4, np.zeros(4, int), 2, ['t', 'v'], ['f', 'f'], ['c'], get_layout('ntu'))
    with mock.patch.object(Clips, 'annotations', lambda self: [clip] * 4):
        packed = pack_clips(clips, np.arange(4), [3, 1, 0, 2], 2 * 6400)
    assert [bool(play) for play in packed['play']] == [False, True, False, True]
    assert len(packed['skeletons']) == 2 * 6400  # 32 frames of 25 joints of 3 numbers of 2 bytes, in base64


def test_names_of_classes_from_a_file(work):
    (work / 'classes.txt').write_text('one\ntwo\nthree\nfour & more\n\n')
    with inside(work):
        assert main(['report', 'pretrain', '--out', 'named.html', '--classes', 'classes.txt']) == 0
    found = json.loads(re.search(r'id="data">(.*?)</script>', (work / 'named.html').read_text())[1])
    assert found['sets'][0]['classes'][:4] == ['one', 'two', 'three', 'four & more']


def test_curves_leave_out_what_is_not_finite(tmp_path):
    (tmp_path / 'x' / 'vis_data').mkdir(parents=True)
    (tmp_path / 'x' / 'vis_data' / 'scalars.json').write_text(
        '{"loss_clip": 2.0, "step": 1}\n{"loss_clip": NaN, "step": 2}\n{"loss_clip": 1.5, "acc/top1": 0.5, "step": 3}')
    run = SimpleNamespace(folder=tmp_path, has_classifier=False)
    assert curves_of(run) == {'loss clip': [[1, 2], [3, 1.5]], 'accuracy k-NN, test': [[3, .5]]}
    assert curves_of(SimpleNamespace(folder=tmp_path / 'x', has_classifier=False)) == {}


def test_scikit_learn_is_asked_for(work, monkeypatch, capsys):
    monkeypatch.setattr('importlib.util.find_spec', lambda name, *rest: None)
    assert command.main([str(work / 'pretrain'), '--out', str(work / 'none.html')]) == 1
    assert 'pip install "hico_mm[report]"' in capsys.readouterr().err
    assert not (work / 'none.html').exists()


def test_the_untrained_encoder_is_the_same_model_with_initial_weights(work, data):
    run = open_run(work / 'pretrain')
    torch.manual_seed(0)
    fresh = init_model(run.model.cfg)
    model = untrained(run.model)
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weight, fresh.state_dict()[name], rtol=0, atol=0)
    assert any(not weight.equal(run.model.state_dict()[name]) for name, weight in model.state_dict().items())
    with inside(work):
        loaders = loaders_of(run)
    train, test = (encode(fresh, loaders[role]) for role in ('train', 'test'))
    unit = [torch.nn.functional.normalize(part.features, dim=1) for part in (train, test)]
    right = int((train.labels[(unit[1] @ unit[0].t()).argmax(1)] == test.labels).sum())
    assert data['sets'][0]['baselines'][2]['correct'] == right
