"""The report in a browser: it shows and does what it should, and asks nobody for anything."""

import json
import os
import re
import shutil

import numpy as np
import pytest

from hico_mm.cli.main import main
from hico_mm.datasets import load_plain_pickle
from hico_mm.fileio import dump_pickle
from hico_mm.report.render import render
from hico_mm.report.skeletons import pack, skeleton_of
from hico_mm.structures import get_layout
from tests.cli.mistakes import inside
from tests.report.conftest import CLASSES, TITLE

pytest.importorskip('sklearn')
playwright = pytest.importorskip('playwright.sync_api', reason='playwright is not installed: pip install playwright')
CHROMIUM = os.environ.get('CHROMIUM') or next(filter(None, map(shutil.which, (
    'chromium', 'chromium-browser', 'google-chrome'))), '')
pytestmark = pytest.mark.skipif(not CHROMIUM, reason='there is no chromium: apt-get install chromium')
PIXELS = """canvas => { const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0; for (let i = 0; i < data.length; i++) sum = (sum * 31 + data[i]) % 1000000007; return sum; }"""
DRAWN = """canvas =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)"""


@pytest.fixture(scope='module')
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a file; afterwards, nothing was said on the console and nothing requested but the file."""
    faults, contexts = [], []

    def go(path, **settings):
        contexts.append(browser.new_context(**{'viewport': dict(width=1300, height=900), **settings}))
        tab = contexts[-1].new_page()
        tab.set_default_timeout(20_000)
        tab.on('console', lambda message: 'willReadFrequently' in message.text or faults.append(message.text))
        tab.on('pageerror', lambda error: faults.append(str(error)))
        tab.on('dialog', lambda dialog: (faults.append('a dialog'), dialog.dismiss()))
        tab.on('request', lambda request: request.url in (path.as_uri(), 'data:,') or faults.append(request.url))
        tab.goto(path.as_uri())
        tab.wait_for_selector('#large')
        return tab

    yield go
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def tab(visit, page):
    return visit(page)


def picture(tab, selector):
    return tab.locator(selector).first.evaluate(PIXELS)


def pause(tab):
    if tab.text_content('#play').endswith('Pause'):
        tab.click('#play')
    tab.wait_for_timeout(100)


def test_everything_is_there(tab):
    assert tab.title() == TITLE and tab.text_content('#title') == TITLE
    assert tab.locator('.map canvas').count() == 1 and tab.locator('.map canvas').evaluate(DRAWN)
    assert tab.locator('#results tbody tr').count() == 5  # two accuracies and three baselines
    assert tab.locator('[data-neighbours] .card').count() == 5
    assert tab.locator('#matrix td').count() == 16 and tab.locator('#classes-list button').count() == 4
    assert tab.locator('#charts svg[role=img]').count() == 5 and tab.locator('#reliability svg').count() == 1
    assert 'pretraining' in tab.text_content('#models') and 'linear evaluation' in tab.text_content('#models')
    assert tab.locator('main img').count() == 0
    legend = ' '.join(tab.locator('#legend button').all_text_contents())
    assert all(name in legend for name in CLASSES)


def test_skeletons_move_until_paused(tab):
    for selector in ('#large', '[data-neighbours] .card canvas'):
        tab.locator(selector).first.scroll_into_view_if_needed()
        tab.wait_for_timeout(200)
        before = picture(tab, selector)
        tab.wait_for_timeout(400)
        assert picture(tab, selector) != before
    pause(tab)
    before = picture(tab, '#large')
    tab.wait_for_timeout(300)
    assert picture(tab, '#large') == before
    tab.locator('#scrub').focus()
    tab.keyboard.press('Home')
    tab.wait_for_timeout(150)
    start = picture(tab, '#large')
    for _ in range(60):
        tab.keyboard.press('ArrowRight')
    tab.wait_for_timeout(150)
    assert picture(tab, '#large') != start


def test_the_large_clip_turns_under_the_mouse_and_by_keys(tab):
    pause(tab)
    tab.locator('#large').scroll_into_view_if_needed()
    tab.wait_for_timeout(150)
    seen = [picture(tab, '#large')]
    box = tab.locator('#large').bounding_box()
    tab.mouse.move(box['x'] + 100, box['y'] + 100)
    tab.mouse.down()
    tab.mouse.move(box['x'] + 200, box['y'] + 130, steps=3)
    tab.mouse.up()
    tab.wait_for_timeout(150)
    seen.append(picture(tab, '#large'))
    tab.locator('#large').press('ArrowLeft')
    tab.wait_for_timeout(150)
    seen.append(picture(tab, '#large'))
    assert len(set(seen)) == 3


def test_pointing_and_clicking_on_the_map(tab):
    places = tab.evaluate("""() => { const data = JSON.parse(document.getElementById('data').textContent);
        return [data.runs[0].map, data.sets[0].name]; }""")
    canvas = tab.locator('.map canvas')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    xs, ys = places[0][::2], places[0][1::2]
    side = min(box['width'] * .94 / ((max(xs) - min(xs)) / 65535), box['height'] * .9 / ((max(ys) - min(ys)) / 65535))
    clip = max(range(len(xs)), key=lambda i: min((xs[i] - xs[j])**2 + (ys[i] - ys[j])**2
                                                 for j in range(len(xs)) if j != i))
    x, y = (box[key] + box[size] / 2 + (values[clip] / 65535 - .5) * side
            for key, size, values in (('x', 'width', xs), ('y', 'height', ys)))
    tab.mouse.move(x, y)
    assert tab.locator('#tip').is_visible() and places[1][clip] in tab.text_content('#tip')
    tab.wait_for_timeout(150)
    assert tab.locator('#tip canvas').evaluate(DRAWN)
    tab.mouse.click(x, y)
    assert places[1][clip] in tab.text_content('#detail')
    tab.mouse.move(5, 5)
    assert not tab.locator('#tip').is_visible()


def test_marks_of_right_and_wrong_are_more_than_colour(tab):
    cards = tab.locator('[data-neighbours] .card')
    for card in cards.all():
        right = 'right' in card.get_attribute('class')
        assert ('✓' if right else '✗') in card.text_content()
        assert (', right' if right else ', wrong') in card.get_attribute('aria-label')
        assert card.evaluate('node => getComputedStyle(node).borderStyle') == ('solid' if right else 'dashed')


def test_legend_search_split_and_lasso_filter(tab):
    def counted():
        return int(tab.text_content('#counted').split()[0])

    assert counted() == 40
    tab.click('#legend button >> nth=0')
    assert counted() == 30 and tab.locator('#legend button >> nth=0').get_attribute('aria-pressed') == 'false'
    tab.select_option('[data-key=split]', 'test')
    assert counted() == 15
    tab.click('#everything')
    assert counted() == 40
    tab.fill('input[type=search]', 'plain')
    assert counted() == 10 and tab.locator('#picked .card').count() == 10
    tab.fill('input[type=search]', 'nothing like this')
    assert counted() == 0 and 'No clip is left' in tab.text_content('#picked')
    tab.click('#everything')
    tab.click('[data-key=tool][data-value=lasso]')
    box = tab.locator('.map canvas').bounding_box()
    corners = [(.02, .02), (.55, .02), (.55, .98), (.02, .98)]
    for number, (x, y) in enumerate(corners):
        tab.mouse.move(box['x'] + x * box['width'], box['y'] + y * box['height'], steps=3)
        if not number:
            tab.mouse.down()
    tab.mouse.up()
    assert 0 < counted() < 40 and tab.locator('#picked .card').count() == min(counted(), 22)
    tab.keyboard.press('Escape')
    assert counted() == 40


def test_colours_by_every_fact(tab):
    before = picture(tab, '.map canvas')
    groups = {}
    for colour in tab.locator('[data-key=colour] option').evaluate_all('nodes => nodes.map(node => node.value)'):
        tab.select_option('[data-key=colour]', colour)
        groups[colour] = tab.locator('#legend button').count()
        assert colour in ('class', 'predicted') or picture(tab, '.map canvas') != before
    assert groups.pop('predicted') <= 4
    assert groups == dict(zip(('class', 'right', 'split', 'subject', 'camera'), (4, 2, 2, 5, 3)))


def test_cells_of_the_matrix_show_their_clips(tab):
    cell = next(cell for cell in tab.locator('#matrix td.diagonal').all() if cell.text_content())
    times = int(cell.text_content())
    cell.click()
    assert tab.locator('#confusions-clips .card').count() == times
    tab.click('#confusions-clips .card >> nth=0')
    assert tab.locator('#detail.over').is_visible()
    tab.keyboard.press('Escape')
    assert tab.locator('#detail.over').count() == 0
    first = tab.locator('#matrix tbody th').all_text_contents()
    tab.select_option('[data-order=matrix]', 'name')
    assert tab.locator('#matrix tbody th').all_text_contents() == sorted(first, key=str.lower) or sorted(
        tab.locator('#matrix tbody th').all_text_contents()) == sorted(first)
    tab.locator('#matrix td[tabindex="0"]').focus()
    tab.keyboard.press('ArrowRight')
    assert tab.evaluate('document.activeElement.dataset.column') == '1'
    tab.keyboard.press('Enter')
    assert tab.locator('#matrix td.chosen').get_attribute('data-column') == '1'


def test_predictions_can_be_those_of_the_classifier(tab):
    assert 'nearest training clip' in tab.text_content('#classes-about')
    tab.click('[data-key=answers][data-value=classifier]')
    assert 'classifier' in tab.text_content('#classes-about')
    tab.click('#classes-list button >> nth=0')
    assert tab.locator('#classes-clips .card').count() == 5


def test_the_map_works_by_keys(tab):
    canvas = tab.locator('.map canvas')
    canvas.focus()
    seen = set()
    for key in ('ArrowLeft', 'ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown'):
        tab.keyboard.press(key)
        seen.add(tab.locator('#large').get_attribute('aria-label'))
    assert len(seen) >= 3
    before = picture(tab, '.map canvas')
    tab.keyboard.press('+')
    assert picture(tab, '.map canvas') != before
    tab.keyboard.press('0')
    assert picture(tab, '.map canvas') == before


def test_dark_light_and_narrow(visit, page):
    back = {}
    for scheme in ('light', 'dark'):
        tab = visit(page, color_scheme=scheme)
        back[scheme] = tab.evaluate('getComputedStyle(document.body).backgroundColor')
    assert back['light'] != back['dark']
    tab.click('#theme')
    assert tab.evaluate('getComputedStyle(document.body).backgroundColor') == back['light']
    tab = visit(page, viewport=dict(width=380, height=800))
    assert tab.evaluate('document.documentElement.scrollWidth <= innerWidth')


def test_runs_beside_each_other(visit, work):
    names = ['first', 'second <i>']
    with inside(work):
        assert main(['report', 'pretrain', 'pretrain/epoch_2.pth', '--out', 'two.html', '--names', *names]) == 0
    tab = visit(work / 'two.html')
    assert tab.locator('.map').count() == 1
    tab.select_option('[data-key=other]', '1')
    assert tab.locator('.map').count() == 2 and tab.locator('[data-neighbours]').count() == 2
    assert tab.locator('.map .name').all_text_contents() == names
    tab.select_option('[data-key=run]', '1')
    assert tab.locator('.map').count() == 1 and tab.locator('#reliability svg').count() == 0


def test_clips_without_labels_are_on_the_map(visit, work):
    whole = work / 'mine.pkl'
    kept = whole.read_bytes()
    annotation = load_plain_pickle(whole)
    for clip in annotation['annotations']:
        del clip['label']
    try:
        dump_pickle(annotation, whole)
        with inside(work):
            assert main(['report', 'pretrain', '--out', 'bare.html']) == 0
    finally:
        whole.write_bytes(kept)
    tab = visit(work / 'bare.html')
    assert tab.locator('#legend button').all_text_contents() == ['no label40']
    assert 'have no label' in tab.text_content('#notes') and 'not known' in tab.text_content('#results')
    assert tab.locator('[data-neighbours] .card').count() == 5
    assert tab.locator('#detail .wrong, #detail .right').count() == 0


def test_two_dimensional_poses_are_drawn(visit, work, page):
    """The page of a 2-D skeleton, made from that of the 3-D one: 17 joints of 2 coordinates, 9 frames."""
    text = page.read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    layout = get_layout('coco')
    packed = [pack(np.random.default_rng(i).uniform(1, 100, (1, 9, 17, 2)), 2) for i in range(40)]
    data['sets'][0].update(skeleton=skeleton_of(layout, 2), play=[[1, 9, one.reach] for one in packed],
                           skeletons=''.join(one.text for one in packed))
    (work / 'flat.html').write_text(render(data, 'flat'))
    tab = visit(work / 'flat.html')
    before = picture(tab, '#large')
    tab.wait_for_timeout(400)
    assert tab.locator('#large').evaluate(DRAWN) and picture(tab, '#large') != before
    assert tab.locator('.large .hint').count() == 0


def test_motion_is_not_forced_on_anybody(visit, page):
    tab = visit(page, reduced_motion='reduce')
    assert tab.text_content('#play').endswith('Play')
